use telemetry_core::Label;

#[derive(Label)]
enum Outcome {
    #[label(rename = "a", rename = "b")]
    Hit,
}

fn main() {
    let _ = <Outcome as Label>::VALUES;
}
