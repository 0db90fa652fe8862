use telemetry_core::span;

#[span(sample = 10%)]
fn load() {}

fn main() {}
