use telemetry_core::span;

struct Book;

#[span(attrs(number = 1, book = book.clone()))]
fn load(book: &Book) {
    let _ = book;
}

fn main() {}
