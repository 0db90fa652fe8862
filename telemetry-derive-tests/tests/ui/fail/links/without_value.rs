use telemetry_core::span;

#[span(links = , root)]
fn load() {}

fn main() {}
