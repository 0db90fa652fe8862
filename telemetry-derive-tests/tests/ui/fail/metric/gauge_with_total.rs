use telemetry_core::metric;

metric! {
    /// Jobs waiting.
    static WAITING: Gauge = "jobs_waiting_total";
}

fn main() {
    WAITING.inc();
}
