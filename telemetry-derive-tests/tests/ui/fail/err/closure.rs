use telemetry_core::span;

#[span(err = |error| error)]
fn load() -> Result<(), String> {
    Ok(())
}

fn main() {}
