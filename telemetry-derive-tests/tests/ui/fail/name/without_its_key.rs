use telemetry_core::span;

#[span("books.load")]
fn load() {}

fn main() {}
