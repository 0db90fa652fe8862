use telemetry_core::span;

#[span]
unsafe extern "C" {
    fn load();
}

fn main() {}
