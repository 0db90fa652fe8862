use telemetry_core::span;

#[span(follows_from = causes)]
fn load(causes: &[u8]) {
    let _ = causes;
}

fn main() {}
