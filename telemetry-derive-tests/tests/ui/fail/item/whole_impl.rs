use telemetry_core::trace;

struct Book;

#[trace]
impl Book {
    fn load() {}
}

fn main() {}
