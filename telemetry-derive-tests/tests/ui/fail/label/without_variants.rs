use telemetry_core::Label;

#[derive(Label)]
enum Outcome {}

fn main() {
    let _ = <Outcome as Label>::VALUES;
}
