use telemetry_core::metric;

metric! {
    /// Jobs done.
    static JOBS: Counter = "jobs_total" { queue: str, ok: bool };
}

fn main() {
    JOBS.with((true, "mail")).inc();
}
