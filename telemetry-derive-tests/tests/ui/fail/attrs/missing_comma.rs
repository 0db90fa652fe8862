use telemetry_core::span;

#[span(attrs(id = 1 title = 2))]
fn load() {}

fn main() {}
