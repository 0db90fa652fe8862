use telemetry_core::span;

#[span(bind = span, attrs(rows: i64))]
fn load() {
    span.rows("one");
}

fn main() {}
