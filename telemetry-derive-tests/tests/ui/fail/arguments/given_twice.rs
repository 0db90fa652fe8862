use telemetry_core::span;

#[span(kind = server, root, kind = client)]
fn load() {}

fn main() {}
