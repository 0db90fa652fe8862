use telemetry_core::span;

#[span(bind = span, attrs(rows: i32, title: String, found: Bool))]
fn load() {
    span.rows(1);
}

#[span(bind = span, attrs(title: &'static str, raw: Vec<u8>, both: (i64, i64), page: Option<u16>))]
fn store() {
    span.title("Emma");
}

fn main() {
    load();
    store();
}
