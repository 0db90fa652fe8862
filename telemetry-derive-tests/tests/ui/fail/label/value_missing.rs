use telemetry_core::Label;

#[derive(Label)]
enum Outcome {
    #[label(rename)]
    Hit,
}

fn main() {
    let _ = <Outcome as Label>::VALUES;
}
