use telemetry_core::metric;

metric! {
    #[doc = concat!(" ", "")]
    static JOBS: Counter = "jobs_total";
}

fn main() {
    JOBS.inc();
}
