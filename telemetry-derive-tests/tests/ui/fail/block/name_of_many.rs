use telemetry_core::trace;

struct Book;

#[trace(name = "book")]
impl Book {
    fn load() {}
}

fn main() {}
