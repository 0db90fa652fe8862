use telemetry_core::trace;

#[trace(name = "books.load", type = Shelf)]
fn load() {}

fn main() {}
