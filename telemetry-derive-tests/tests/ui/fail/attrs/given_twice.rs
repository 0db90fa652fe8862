use telemetry_core::span;

#[span(attrs(id, book.id = id, id = id + 1))]
fn load(id: u8) {
    let _ = id;
}

fn main() {}
