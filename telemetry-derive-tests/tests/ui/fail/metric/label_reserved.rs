use telemetry_core::metric;

metric! {
    /// Jobs done.
    static JOBS: Counter = "jobs_total" { le: str, quantile: str, __name: str };
}

fn main() {
    
}
