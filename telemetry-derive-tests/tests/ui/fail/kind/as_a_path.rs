use telemetry_core::span;

#[span(kind = SpanKind::Server)]
fn load() {}

fn main() {
    load();
}
