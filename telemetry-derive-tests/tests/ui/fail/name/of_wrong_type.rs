use telemetry_core::span;

const NUMBER: u32 = 3;

#[span(name = NUMBER)]
fn load() {}

fn main() {}
