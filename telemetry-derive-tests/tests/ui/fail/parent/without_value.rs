use telemetry_core::span;

#[span(parent)]
fn load() {}

fn main() {}
