use telemetry_core::metric;

metric! {
    /// Time taken.
    static TIME: Histogram = "time_seconds", base2 = 1e-6..=1e3, scale = 6;
}

fn main() {
    TIME.observe(1.0);
}
