use telemetry_core::metric;

metric! {
    /// Jobs done.
    static JOBS: Counter = "jobs_total" { queue: str, queue: str };
}

fn main() {
    
}
