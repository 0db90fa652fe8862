use telemetry_core::metric;

metric! {
    /// Jobs run.
    static RUN: Summary = "jobs_run";

    /// Jobs failed.
    static FAILED: Counter = "jobs-failed";
}

fn main() {}
