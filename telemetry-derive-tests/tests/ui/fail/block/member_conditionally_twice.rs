use telemetry_core::trace;

struct Shelf;

#[trace]
impl Shelf {
    #[cfg_attr(all(), trace(name = "one"))]
    #[cfg_attr(not(any()), trace(name = "another"))]
    fn load(&self) {}

    #[cfg_attr(any(), trace(name = "one"))]
    #[cfg_attr(all(), trace(name = "another"))]
    fn store(&self) {}
}

fn main() {
    Shelf.load();
    Shelf.store();
}
