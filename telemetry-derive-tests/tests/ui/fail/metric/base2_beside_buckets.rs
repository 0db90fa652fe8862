use telemetry_core::metric;

metric! {
    /// Time taken.
    static TIME: Histogram = "time_seconds", buckets = [1.0], base2 = 1e-6..=1e3;
}

fn main() {
    TIME.observe(1.0);
}
