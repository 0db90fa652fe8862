use telemetry_core::metric;

metric! {
    /// Time taken.
    static TIME: Histogram = "time_seconds", base2 = 1e-30..=1e30, scale = 5;
}

fn main() {
    TIME.observe(1.0);
}
