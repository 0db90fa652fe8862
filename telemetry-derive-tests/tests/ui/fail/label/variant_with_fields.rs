use telemetry_core::Label;

#[derive(Label)]
enum Outcome {
    Hit,
    Failed(u16),
    Late { by: u64 },
}

fn main() {
    let _ = <Outcome as Label>::VALUES;
}
