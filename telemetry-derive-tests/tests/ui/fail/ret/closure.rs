use telemetry_core::span;

#[span(ret = |value| value + 1)]
fn load() -> u8 {
    1
}

fn main() {}
