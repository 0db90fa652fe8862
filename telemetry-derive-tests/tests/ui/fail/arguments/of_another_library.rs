use telemetry_core::span;

#[span(fields(id = 1), skip_all)]
fn load() {}

fn main() {}
