use telemetry_core::span;

#[span(sample = "always")]
fn load() {}

fn main() {}
