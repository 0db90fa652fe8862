use telemetry_core::metric;

metric! {
    /// Time taken.
    static TIME: Gauge = "level_seconds", base2 = 1e-6..=1e3;
}

fn main() {
    TIME.set(1.0);
}
