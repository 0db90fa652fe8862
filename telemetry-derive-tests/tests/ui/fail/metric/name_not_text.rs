use telemetry_core::metric;

metric! {
    /// Jobs done.
    static JOBS: Counter = 5;
}

fn main() {
    JOBS.inc();
}
