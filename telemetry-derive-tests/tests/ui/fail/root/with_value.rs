use telemetry_core::span;

#[span(root = true)]
fn load() {}

fn main() {}
