use telemetry_core::trace;

struct Book;

#[trace]
impl Book {
    #[trace = "book"]
    fn load() {}
}

fn main() {}
