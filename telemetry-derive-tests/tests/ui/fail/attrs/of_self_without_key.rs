use telemetry_core::span;

struct Shelf {
    rows: u8,
}

impl Shelf {
    #[span(attrs(self.rows))]
    fn load(&self) {}
}

fn main() {}
