use telemetry_core::span;

#[span(sample = -0.5)]
fn load() {}

fn main() {}
