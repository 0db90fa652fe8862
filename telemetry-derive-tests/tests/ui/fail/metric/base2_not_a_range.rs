use telemetry_core::metric;

metric! {
    /// Time taken.
    static TIME: Histogram = "time_seconds", base2 = 20;
}

fn main() {
    TIME.observe(1.0);
}
