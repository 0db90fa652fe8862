use telemetry_core::span;

#[span(err)]
fn load() -> Result<(), String> {
    Ok(())
}

fn main() {}
