use telemetry_core::span;

#[span(root, parent = telemetry_core::Span::current())]
fn load() {}

fn main() {}
