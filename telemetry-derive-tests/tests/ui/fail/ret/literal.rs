use telemetry_core::span;

#[span(ret = true)]
fn load() -> u8 {
    1
}

#[span(ret = "debug")]
fn save() -> u8 {
    1
}

fn main() {}
