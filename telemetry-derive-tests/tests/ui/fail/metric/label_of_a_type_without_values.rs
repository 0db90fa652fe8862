use telemetry_core::metric;

metric! {
    /// Jobs done.
    static JOBS: Counter = "jobs_total" { code: u16 };
}

fn main() {
    
}
