use telemetry_core::Label;

#[derive(Label)]
#[label(renameall = "kebab-case")]
enum Outcome {
    #[label(name = "hit")]
    Hit,
}

fn main() {
    let _ = <Outcome as Label>::VALUES;
}
