use telemetry_core::span;

#[span]
trait Source {}

fn main() {}
