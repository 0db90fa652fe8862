use telemetry_core::span;

#[span(ret)]
fn load() {}

fn main() {}
