use telemetry_core::span;

#[span(async = true)]
fn load() -> u8 {
    3
}

fn main() {}
