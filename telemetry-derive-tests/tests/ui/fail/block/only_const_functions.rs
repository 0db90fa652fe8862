use telemetry_core::trace;

struct Book;

#[trace]
impl Book {
    const fn new() -> Self {
        Self
    }
}

fn main() {}
