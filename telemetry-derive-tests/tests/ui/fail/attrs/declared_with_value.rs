use telemetry_core::span;

#[span(bind = span, attrs(rows: i64 = 3, pages: 4, shelf: , title: title.trim()))]
fn load(title: &str) {
    span.rows(title.len());
}

fn main() {
    load("Emma");
}
