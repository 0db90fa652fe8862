use telemetry_core::span;

#[span(bind = span, attrs(rows: i32, title: String, found: Bool))]
fn load() {
    span.rows(1);
}

fn main() {}
