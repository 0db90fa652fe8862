use telemetry_core::span;

struct Book;

#[span(attrs(book = ?book))]
fn load(book: &Book) {
    let _ = book;
}

fn main() {}
