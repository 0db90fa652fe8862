use telemetry_core::span;

struct Book;

#[span(ret = debug)]
async fn load() -> Option<Book> {
    Some(Book)
}

fn main() {}
