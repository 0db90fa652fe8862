use telemetry_core::span;

#[span(attrs("book id"))]
fn load() {}

fn main() {}
