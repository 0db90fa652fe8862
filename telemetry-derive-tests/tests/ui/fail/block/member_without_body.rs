use telemetry_core::trace;

#[trace]
trait Source {
    #[trace(kind = client)]
    fn load(&self);

    fn reload(&self) {
        self.load();
    }
}

fn main() {}
