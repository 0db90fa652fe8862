use telemetry_core::span;

#[span]
fn load() -> Result<&'static str, ()> {
    let title = String::new();
    Ok(title.as_str())
}

fn main() {}
