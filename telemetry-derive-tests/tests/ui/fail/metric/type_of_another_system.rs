use telemetry_core::metric;

metric! {
    /// Time taken.
    static TIME: Summary = "time_total";
}

fn main() {
    
}
