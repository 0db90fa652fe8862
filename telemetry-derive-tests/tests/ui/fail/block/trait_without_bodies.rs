use telemetry_core::span;

#[span]
trait Source {
    const LIMIT: u8;

    fn load(&self);
}

fn main() {}
