use telemetry_core::trace;

struct Book;

#[trace]
impl Book {
    #[trace]
    const LIMIT: u8 = 3;

    fn load() {}
}

fn main() {}
