use telemetry_core::Label;

#[derive(Label)]
enum Outcome {
    Hit,
    #[label(rename = "hit")]
    Struck,
}

fn main() {
    let _ = <Outcome as Label>::VALUES;
}
