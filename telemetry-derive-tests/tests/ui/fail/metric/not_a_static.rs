use telemetry_core::metric;

metric! {
    /// Jobs done.
    const JOBS: Counter = "jobs_total";

    /// Stays.
    static OTHER: Counter = "other_total";
}

fn main() {
    OTHER.inc();
}
