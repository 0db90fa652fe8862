use telemetry_core::span;

#[span(attrs(u8::MAX))]
fn load() {}

fn main() {
    load();
}
