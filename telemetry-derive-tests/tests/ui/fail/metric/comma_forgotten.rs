use telemetry_core::metric;

metric! {
    /// Time taken.
    static TIME: Histogram = "time_seconds" unit = "seconds";
}

fn main() {
    
}
