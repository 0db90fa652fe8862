use telemetry_core::span;

#[span]
fn load() -> Result<u8, String> {
    Ok("1".parse::<u8>()?)
}

#[span]
async fn load_async() -> Result<u8, String> {
    Ok("1".parse::<u8>()?)
}

fn main() {}
