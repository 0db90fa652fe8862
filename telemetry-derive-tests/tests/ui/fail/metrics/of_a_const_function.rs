use telemetry_core::trace;

struct Shelf;

#[trace]
impl Shelf {
    #[trace(metrics)]
    const fn new() -> Self {
        Shelf
    }
}

fn main() {
    Shelf::new();
}
