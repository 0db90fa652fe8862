use telemetry_core::trace;

#[trace(type = "Shelf")]
fn load() {}

fn main() {
    load();
}
