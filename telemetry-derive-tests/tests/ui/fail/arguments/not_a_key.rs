use telemetry_core::span;

#[span(= 3, root)]
fn load() {}

fn main() {}
