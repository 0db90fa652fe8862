use telemetry_core::span;

trait Source {
    #[span]
    fn load(&self);
}

fn main() {}
