use telemetry_core::span;

#[span(ret = dispaly)]
fn load() -> u8 {
    1
}

fn main() {}
