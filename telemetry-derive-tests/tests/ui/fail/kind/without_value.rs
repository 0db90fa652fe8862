use telemetry_core::span;

#[span(kind)]
fn load() {}

fn main() {}
