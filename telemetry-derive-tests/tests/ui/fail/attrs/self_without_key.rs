use telemetry_core::trace;

struct Shelf;

impl Shelf {
    #[trace(attrs(self))]
    fn load(&self) {}
}

fn main() {
    Shelf.load();
}
