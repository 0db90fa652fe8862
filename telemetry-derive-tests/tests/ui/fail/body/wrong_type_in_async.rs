use telemetry_core::span;

#[span]
async fn load() -> Result<u8, String> {
    Ok("one")
}

#[span]
async fn count() {
    5
}

#[span]
async fn early(empty: bool) -> u8 {
    if empty {
        return "none";
    }
    1
}

fn main() {}
