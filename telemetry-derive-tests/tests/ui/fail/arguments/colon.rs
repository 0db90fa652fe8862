use telemetry_core::span;

#[span(kind: server)]
fn load() {}

fn main() {}
