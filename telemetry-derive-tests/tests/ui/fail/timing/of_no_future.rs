use telemetry_core::{span, step};

#[span(timing)]
fn load() {
    let _step = step!(timing, "render");
}

#[span(timing = true)]
async fn store() {}

fn main() {
    load();
}
