use telemetry_core::span;

// Ten bytes each, and two for the boolean: twelve numbers and four booleans fill a span to the byte.
#[span(
    attrs(
        a: i64, b: i64, c: i64, d: i64, e: u64, f: u64, g: u64, h: u64, i: f64, j: f64, k: f64, l: f64,
        m: bool, n: bool, o: bool, p: bool
    ),
    bind = span
)]
fn fits() {
    span.a(1);
}

#[span(
    attrs(
        a: i64, b: i64, c: i64, d: i64, e: u64, f: u64, g: u64, h: u64, i: f64, j: f64, k: f64, l: f64,
        one_too_many: i64, another: bool
    ),
    bind = span
)]
fn does_not_fit<T>(_: T) {
    span.a(1);
}

fn main() {}
