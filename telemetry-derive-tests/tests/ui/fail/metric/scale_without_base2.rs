use telemetry_core::metric;

metric! {
    /// Time taken.
    static TIME: Histogram = "time_seconds", scale = 2;
}

fn main() {
    TIME.observe(1.0);
}
