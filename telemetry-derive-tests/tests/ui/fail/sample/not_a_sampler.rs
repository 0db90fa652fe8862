use telemetry_core::span;

static LIMIT: u32 = 5;

#[span(sample = LIMIT)]
fn load() {}

fn main() {
    load();
}
