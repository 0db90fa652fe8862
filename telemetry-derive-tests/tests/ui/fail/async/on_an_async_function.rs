use telemetry_core::span;

#[span(async = true)]
async fn load() {}

fn main() {}
