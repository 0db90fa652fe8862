use telemetry_core::span;

#[span]
enum Shelf {
    North,
}

fn main() {
    let _ = Shelf::North;
}
