use telemetry_core::metric;

metric! {
    /// Time taken.
    static TIME: Histogram = "time_seconds", base2 = SHORTEST..=1e-3;
}

fn main() {
    TIME.observe(1.0);
}

const SHORTEST: f64 = 0.1;
