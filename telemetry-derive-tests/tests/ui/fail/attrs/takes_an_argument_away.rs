use telemetry_core::span;

#[span(attrs(size = title.into_bytes().len()))]
fn load(title: String) {
    drop(title);
}

fn main() {}
