use telemetry_core::trace;

struct Book;

#[trace]
impl Book {
    fn load() {}

    #[trace(skip, kind = server)]
    fn save() {}
}

fn main() {}
