use telemetry_core::span;

#[span(err = code)]
fn load() -> Result<u8, u8> {
    Ok(1)
}

fn main() {}
