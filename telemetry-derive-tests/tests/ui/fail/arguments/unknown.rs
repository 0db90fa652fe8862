use telemetry_core::span;

#[span(naem = "books.load")]
fn load() {}

fn main() {}
