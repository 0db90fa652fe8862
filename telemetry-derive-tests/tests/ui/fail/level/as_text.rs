use telemetry_core::{span, step};

#[span(level = "Debug")]
fn load() {
    let _step = step!(level = "verbose", "render");
}

fn main() {
    load();
}
