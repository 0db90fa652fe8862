use telemetry_core::Label;

#[derive(Label)]
#[label(rename_all = "kebab")]
enum Outcome {
    Hit,
}

fn main() {
    let _ = <Outcome as Label>::VALUES;
}
