use telemetry_core::span;

#[span(async)]
fn load() {}

fn main() {}
