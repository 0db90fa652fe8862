use telemetry_core::trace;

#[trace]
static LIMIT: u8 = 3;

fn main() {}
