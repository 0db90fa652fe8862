use telemetry_core::trace;

#[trace(metric)]
fn load() {}

#[trace(metrics, root, metrics)]
fn store() {}

fn main() {
    load();
    store();
}
