use telemetry_core::span;

#[span(attrs(rows: i64))]
fn load() {}

fn main() {}
