use telemetry_core::metric;

metric! {
    /// Time taken.
    static TIME: Histogramm = "time_seconds";
}

fn main() {
    TIME.observe(1.0);
}
