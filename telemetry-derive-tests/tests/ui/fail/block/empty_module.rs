use telemetry_core::span;

#[span]
mod books {}

fn main() {}
