use telemetry_core::metric;

const NAME: &str = "time_millis";

metric! {
    /// Time taken.
    static TIME: Histogram = NAME, unit = "seconds";
}

fn main() {
    TIME.observe(1.0);
}
