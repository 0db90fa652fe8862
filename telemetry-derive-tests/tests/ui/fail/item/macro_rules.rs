use telemetry_core::trace;

#[trace]
macro_rules! load {
    () => {};
}

fn main() {
    load!();
}
