use telemetry_core::span;

#[span]
fn load() -> Result<u8, String> {
    Ok("one")
}

#[span]
fn count() {
    5
}

#[span]
fn title() -> &'static str {
    5
}

fn main() {}
