use telemetry_core::metric;

metric! {
    /// Jobs done.
    static JOBS: Counter = "_total";
}

fn main() {
    JOBS.inc();
}
