use telemetry_core::span;

#[span(sample = 1.5)]
fn load() {}

fn main() {}
