use telemetry_core::metric;

metric! {
    static JOBS: Counter = "jobs";

    /// Time taken.
    static TIME: Histogram = "time", unit = "seconds", buckets = [2, 1];
}

fn main() {
    JOBS.inc();
    TIME.observe(1.0);
}
