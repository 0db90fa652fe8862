use telemetry_core::span;

#[span(sample = 5%)]
fn load() {}

fn main() {
    load();
}
