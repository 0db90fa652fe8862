use telemetry_core::metric;

metric! {
    /// Time spent.
    static TIME: Counter = "cpu_total", unit = "seconds";
}

fn main() {
    TIME.inc();
}
