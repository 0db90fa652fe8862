use telemetry_core::metric;

metric! {
    /// Time taken.
    static TIME: Histogram = "time_seconds", bucket = [0.1];
}

fn main() {
    TIME.observe(1.0);
}
