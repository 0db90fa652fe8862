use telemetry_core::trace;

struct Book;

#[trace]
impl Book {
    #[trace(skip(self))]
    fn load(&self) {}
}

fn main() {}
