use telemetry_core::span;

#[span(parent = header)]
async fn load(header: &str) {
    let _ = header;
}

fn main() {}
