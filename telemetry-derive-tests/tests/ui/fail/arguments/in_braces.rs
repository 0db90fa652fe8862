use telemetry_core::span;

#[span(attrs{id = 1})]
fn load() {}

fn main() {}
