use telemetry_core::Label;

#[derive(Label)]
union Outcome {
    code: u16,
}

fn main() {
    let _ = <Outcome as Label>::VALUES;
}
