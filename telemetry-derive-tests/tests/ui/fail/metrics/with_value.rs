use telemetry_core::trace;

#[trace(metrics = true)]
fn load() {}

#[trace(metrics = "books_loaded")]
fn store() {}

#[trace(metrics(buckets = [0.1, 1.0]))]
fn list() {}

fn main() {
    load();
    store();
    list();
}
