use telemetry_core::metric;

const NAME: &str = "jobs";

metric! {
    /// Jobs done.
    static JOBS: Counter = NAME;
}

fn main() {
    JOBS.inc();
}
