use telemetry_core::trace;

#[trace(type = Shelf<u8>)]
fn load() {}

fn main() {}
