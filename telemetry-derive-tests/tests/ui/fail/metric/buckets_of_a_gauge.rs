use telemetry_core::metric;

metric! {
    /// Time taken.
    static TIME: Gauge = "time_seconds", buckets = [0.1];
}

fn main() {
    TIME.set(1.0);
}
