//! Checked though the function is never called.
use telemetry_core::metric;

const NAME: &str = "jobs-done_total";
const SIZES: [f64; 2] = [2.0, 1.0];

pub fn work<T>(value: T) -> T {
    metric! {
        /// Jobs done.
        static JOBS: Counter = NAME;
        /// Sizes.
        static SIZE: Histogram = "size", buckets = SIZES;
    }
    JOBS.inc();
    SIZE.observe(1.0);
    value
}

fn main() {}
