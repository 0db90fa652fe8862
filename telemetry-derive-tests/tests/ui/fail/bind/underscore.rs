use telemetry_core::span;

#[span(bind = _)]
fn load() {}

fn main() {}
