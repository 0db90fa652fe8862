use telemetry_core::span;

#[span]
const LIMIT: u8 = 3;

fn main() {}
