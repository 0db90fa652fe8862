use telemetry_core::metric;

metric! {
    /// Jobs done.
    static JOBS: Counter = NAME;
}

fn main() {
    JOBS.inc();
}
