use telemetry_core::span;

#[span]
pub const fn load() {}

fn main() {}
