use telemetry_core::span;

#[span(links(first, second))]
fn load() {}

fn main() {}
