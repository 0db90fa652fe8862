use telemetry_core::metric;

metric! {
    /// Jobs done.
    static JOBS: Counter = "telemetry_jobs_total";
}

fn main() {
    JOBS.inc();
}
