use telemetry_core::metric;

metric! {
    /// Jobs done.
    static JOBS: Counter = "jobs";
}

fn main() {
    JOBS.inc();
}
