use telemetry_core::trace;

#[trace(skip)]
fn load() {}

fn main() {}
