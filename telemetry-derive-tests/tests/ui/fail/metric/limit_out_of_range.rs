use telemetry_core::metric;

metric! {
    /// Jobs done.
    static JOBS: Counter = "jobs_total" { queue: str }, limit = 0;
}

fn main() {
    JOBS.with("mail").inc();
}
