use telemetry_core::span;

#[span(err = false)]
fn load() -> Result<u8, String> {
    Ok(1)
}

#[span(err = %)]
fn save() -> Result<u8, String> {
    Ok(1)
}

fn main() {}
