use telemetry_core::metric;

const NAME: u32 = 5;

metric! {
    /// Jobs done.
    static JOBS: Counter = NAME;
}

fn main() {
    JOBS.inc();
}
