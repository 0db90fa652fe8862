use telemetry_core::span;

#[span(true)]
fn load() {}

fn main() {}
