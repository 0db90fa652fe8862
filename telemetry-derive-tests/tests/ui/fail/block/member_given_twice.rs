use telemetry_core::trace;

struct Book;

#[trace]
impl Book {
    #[trace(kind = client)]
    #[span]
    fn load() {}
}

fn main() {}
