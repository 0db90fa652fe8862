use telemetry_core::metric;

metric! {
    /// Jobs waiting.
    static WAITING: Gauge = concat!("jobs", "_total");
}

fn main() {
    WAITING.inc();
}
