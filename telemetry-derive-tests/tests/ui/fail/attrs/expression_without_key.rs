use telemetry_core::span;

#[span(attrs(title.len()))]
fn load(title: &str) {
    let _ = title;
}

fn main() {}
