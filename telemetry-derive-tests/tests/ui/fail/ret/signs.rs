use telemetry_core::span;

#[span(ret = ?)]
fn load() -> u8 {
    1
}

#[span(ret = %value)]
fn save() -> u8 {
    1
}

fn main() {}
