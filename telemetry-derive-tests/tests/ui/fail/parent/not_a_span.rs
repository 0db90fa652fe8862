use telemetry_core::span;

#[span(parent = 3)]
fn load() {}

fn main() {}
