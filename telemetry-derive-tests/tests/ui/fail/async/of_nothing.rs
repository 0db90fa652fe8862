use telemetry_core::span;

#[span(async = true)]
fn load() {}

fn main() {}
