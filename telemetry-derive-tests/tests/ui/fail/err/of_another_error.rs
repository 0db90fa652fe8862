use telemetry_core::span;

fn code(error: &u32) -> u32 {
    *error
}

#[span(err = code)]
fn load() -> Result<(), String> {
    Ok(())
}

fn main() {}
