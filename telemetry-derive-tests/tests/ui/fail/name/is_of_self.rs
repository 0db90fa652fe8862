use telemetry_core::span;

struct Shelf;

impl Shelf {
    const NAME: &str = "shelf";

    #[span(name = Self::NAME)]
    fn load() {}
}

fn main() {}
