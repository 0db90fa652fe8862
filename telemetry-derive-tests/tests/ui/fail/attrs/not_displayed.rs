use telemetry_core::span;

struct Book;

#[span(attrs(%book))]
fn load(book: &Book) {
    let _ = book;
}

fn main() {}
