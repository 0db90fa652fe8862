use telemetry_core::metric;

metric! {
    /// Jobs done.
    static JOBS: Counter = "jobs-done_total";
}

fn main() {
    JOBS.inc();
}
