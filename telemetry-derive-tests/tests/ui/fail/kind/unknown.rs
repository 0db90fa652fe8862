use telemetry_core::span;

#[span(kind = sever)]
fn load() {}

fn main() {}
