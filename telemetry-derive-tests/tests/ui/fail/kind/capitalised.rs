use telemetry_core::span;

#[span(kind = Server)]
fn load() {}

fn main() {}
