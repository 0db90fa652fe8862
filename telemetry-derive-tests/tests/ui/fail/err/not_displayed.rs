use telemetry_core::span;

fn code(error: &String) -> Vec<u8> {
    error.clone().into_bytes()
}

#[span(err = code)]
fn load() -> Result<(), String> {
    Ok(())
}

fn main() {}
