use telemetry_core::span;

#[span(bind = "span")]
fn load() {}

fn main() {}
