use telemetry_core::trace;

struct Book;

#[trace(attrs(id))]
impl Book {
    fn load(id: u8) -> u8 {
        id
    }

    fn count() -> u8 {
        0
    }
}

fn main() {}
