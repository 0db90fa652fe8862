use telemetry_core::span;

#[span(ret(Debug), err(Debug))]
fn load() -> u8 {
    1
}

fn main() {}
