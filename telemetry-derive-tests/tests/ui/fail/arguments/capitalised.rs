use telemetry_core::span;

#[span(Name = "books.load", ROOT)]
fn load() {}

fn main() {}
