use telemetry_core::span;

#[span(bind = span, attrs(rows: i64))]
fn load() {
    span.row(1);
}

fn main() {}
