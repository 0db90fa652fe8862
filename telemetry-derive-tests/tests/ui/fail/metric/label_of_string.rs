use telemetry_core::metric;

metric! {
    /// Jobs done.
    static JOBS: Counter = "jobs_total" { queue: String };
}

fn main() {
    JOBS.with("mail").inc();
}
