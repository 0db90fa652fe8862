use telemetry_core::span;

#[span(bind = span, attrs(rows: Option<i64>, title: Option<str>))]
fn load() {
    span.rows(3);
    span.title(Some(String::from("Emma")));
}

fn main() {
    load();
}
