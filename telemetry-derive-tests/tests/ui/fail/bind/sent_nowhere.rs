use telemetry_core::span;

#[span(bind = span)]
fn load() {
    span.i64("rows", "one");
}

fn main() {}
