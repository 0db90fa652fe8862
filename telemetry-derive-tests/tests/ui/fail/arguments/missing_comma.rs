use telemetry_core::span;

#[span(kind = server root)]
fn load() {}

fn main() {}
