use telemetry_core::metric;

metric! {
    static JOBS: Counter = "jobs_total";
}

fn main() {
    JOBS.inc();
}
