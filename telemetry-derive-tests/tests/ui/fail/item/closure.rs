use telemetry_core::span;

fn main() {
    #[span]
    let load = || 3;
    let _ = load();
}
