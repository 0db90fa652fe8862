use telemetry_core::trace;

struct Book;

#[trace]
impl Book {
    #[trace]
    const fn new() -> Self {
        Self
    }
}

fn main() {}
