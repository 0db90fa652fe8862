use telemetry_core::metric;

metric! {
    /// Jobs run.
    pub const RUN: Counter = "jobs_run_total";

    /// Jobs failed.
    static mut FAILED: Counter = "jobs_failed_total";

    /// Jobs queued.
    static QUEUED: Gauge<f64> = "jobs_queued";

    /// Jobs dropped.
    static DROPPED: Counter = "jobs_dropped_total" (queue: str);
}

fn main() {}
