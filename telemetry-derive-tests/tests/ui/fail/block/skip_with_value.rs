use telemetry_core::trace;

struct Book;

#[trace]
impl Book {
    fn load() {}

    #[trace(skip = true)]
    fn save() {}
}

fn main() {}
