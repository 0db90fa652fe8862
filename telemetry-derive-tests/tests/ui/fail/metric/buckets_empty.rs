use telemetry_core::metric;

metric! {
    /// Time taken.
    static TIME: Histogram = "time_seconds", buckets = [];
}

fn main() {
    TIME.observe(1.0);
}
