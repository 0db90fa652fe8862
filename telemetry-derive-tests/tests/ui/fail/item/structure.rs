use telemetry_core::span;

#[span]
struct Book;

fn main() {}
