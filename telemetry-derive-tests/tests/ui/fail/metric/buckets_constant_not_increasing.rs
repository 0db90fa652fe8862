use telemetry_core::metric;

metric! {
    /// Time taken.
    static TIME: Histogram = "time_seconds", buckets = [f64::MAX, FINE];
}

fn main() {
    TIME.observe(1.0);
}

const FINE: f64 = 0.1;
