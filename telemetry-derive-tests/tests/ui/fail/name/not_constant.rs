use telemetry_core::span;

#[span(name = format!("books.{}", 1))]
fn load() {}

fn main() {}
