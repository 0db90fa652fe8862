use telemetry_core::{span, trace};

#[trace]
#[inline]
#[span(root)]
fn load() {}

fn main() {
    load();
}
