use telemetry_core::span;

#[span(name = title)]
fn load(title: &str) {
    let _ = title;
}

fn main() {}
