use telemetry_core::span;

#[span(crate = "telemetry")]
fn load() {}

fn main() {}
