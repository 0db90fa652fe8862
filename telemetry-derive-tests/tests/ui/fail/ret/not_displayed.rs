use telemetry_core::span;

struct Book;

#[span(ret = display)]
fn load() -> Book {
    Book
}

fn main() {}
