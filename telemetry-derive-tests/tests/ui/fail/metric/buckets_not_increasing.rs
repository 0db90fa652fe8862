use telemetry_core::metric;

metric! {
    /// Time taken.
    static TIME: Histogram = "time_seconds", buckets = [0.1, 0.5, 0.5, 0.2];
}

fn main() {
    TIME.observe(1.0);
}
