use telemetry_core::span;

#[span(name)]
fn load() {}

fn main() {}
