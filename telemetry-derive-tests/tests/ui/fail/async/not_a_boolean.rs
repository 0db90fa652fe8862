use telemetry_core::span;

#[span(async = yes)]
fn load() {}

fn main() {}
