use telemetry_core::span;

#[span(level = wran)]
fn load() {}

fn main() {
    load();
}
