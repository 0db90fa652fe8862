//! Every form of an attribute.
use telemetry_core::span;

#[derive(Debug)]
struct Book {
    id: i64,
}

#[span(attrs(
    literal = "a", integer = 1, negative = -1, float = 0.5, yes = true,
    expression = book.id + 1, display = %book.id, debug = ?book,
    title, %author, ?tags, book.id, dotted.key = 1, "quoted key" = 2, r#type = 3, crate = 4,
    turbofish = Vec::<(u8, u8)>::new().len(), closure = (|| 1)(), block = { 1 }, reference = &title, choice = if yes { 1 } else { 2 },
))]
fn forms(book: &Book, title: &str, author: String, tags: Vec<u8>, yes: bool) {}

#[span(bind = handle, attrs(rows: i64, size: u64, share: f64, found: bool, book.title: str, raw: bytes, "7 x": i64, self: i64))]
fn declared() {
    handle.rows(1);
    handle.size(1);
    handle.share(0.5);
    handle.found(true);
    handle.book_title("Emma");
    handle.raw(&[1]);
    handle._7_x(1);
    handle.self_(1);
}

fn main() {
    forms(&Book { id: 1 }, "Emma", String::new(), Vec::new(), true);
    declared();
}
