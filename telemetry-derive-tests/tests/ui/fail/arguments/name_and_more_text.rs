use telemetry_core::span;

#[span("books.load", "books")]
fn load() {}

fn main() {}
