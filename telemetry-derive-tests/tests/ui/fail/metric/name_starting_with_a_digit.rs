use telemetry_core::metric;

metric! {
    /// Jobs done.
    static JOBS: Counter = "2nd_jobs_total";
}

fn main() {
    JOBS.inc();
}
