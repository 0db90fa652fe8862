use telemetry_core::span;

#[span(attrs("book.id": id))]
fn load(id: u8) {
    let _ = id;
}

fn main() {}
