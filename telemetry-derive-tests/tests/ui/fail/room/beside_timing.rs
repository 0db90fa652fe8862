use telemetry_core::span;

// `timing` records 45 bytes, seven numbers 70: 115 in all.
#[span(timing, attrs(a: i64, b: i64, c: i64, d: i64, e: u64, f: u64, g: Option<f64>), bind = span)]
async fn fits() {
    span.a(1);
}

#[span(attrs(a: i64, b: i64, c: i64, d: i64, e: u64, f: u64, g: f64, h: f64, i: f64), bind = span, timing)]
async fn does_not_fit() {
    span.a(1);
}

fn main() {
    drop(fits());
    drop(does_not_fit());
}
