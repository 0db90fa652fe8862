use telemetry_core::span;

#[span(ret = Debug)]
fn load() -> u8 {
    1
}

fn main() {}
