use telemetry_core::span;

#[span]
extern crate core as renamed;

fn main() {}
