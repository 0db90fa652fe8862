use telemetry_core::span;

#[span(bind = span, attrs(book.id: i64, book_id: i64))]
fn load() {
    span.book_id(1);
}

fn main() {}
