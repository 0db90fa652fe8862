use telemetry_core::span;

struct Book;

#[span(ret)]
fn load() -> Result<Book, u8> {
    Ok(Book)
}

fn main() {}
