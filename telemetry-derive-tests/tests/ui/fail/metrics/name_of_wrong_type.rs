use telemetry_core::span;

const NAME: u8 = 3;

#[span(metrics, name = NAME)]
fn load() {}

fn main() {
    load();
}
