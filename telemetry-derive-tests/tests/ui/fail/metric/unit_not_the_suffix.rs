use telemetry_core::metric;

metric! {
    /// Time taken.
    static TIME: Histogram = "request_duration", unit = "seconds";
}

fn main() {
    TIME.observe(1.0);
}
