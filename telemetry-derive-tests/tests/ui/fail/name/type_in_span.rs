use telemetry_core::span;

#[span(type = Shelf)]
fn load() {}

fn main() {}
