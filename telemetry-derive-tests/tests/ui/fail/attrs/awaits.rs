use telemetry_core::span;

#[span(attrs(id = later().await))]
fn load() {}

async fn later() -> u8 {
    1
}

fn main() {}
