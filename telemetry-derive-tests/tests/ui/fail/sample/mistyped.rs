use telemetry_core::span;

#[span(sample = alway)]
fn load() {}

fn main() {}
