use telemetry_core::span;

#[span(links = [1, 2])]
fn load() {}

fn main() {}
