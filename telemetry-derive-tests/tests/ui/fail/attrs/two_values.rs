use telemetry_core::span;

#[span(attrs(id = title = 2))]
fn load() {}

fn main() {}
