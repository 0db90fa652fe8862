use telemetry_core::trace;

struct Book;

#[trace(skip)]
impl Book {
    fn load() {}
}

fn main() {}
