use telemetry_core::span;

#[span(ret = debug)]
fn load() -> impl Iterator<Item = u8> {
    0..3
}

fn main() {}
