use telemetry_core::span;

const LIMIT: u8 = 3;

#[span(sample = LIMIT)]
fn load() {}

fn main() {}
