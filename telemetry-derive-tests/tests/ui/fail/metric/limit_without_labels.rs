use telemetry_core::metric;

metric! {
    /// Jobs done.
    static JOBS: Counter = "jobs_total", limit = 10;
}

fn main() {
    JOBS.inc();
}
