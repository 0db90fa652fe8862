use telemetry_core::span;

#[span(sample = 1.5)]
fn load() {}

#[span(sample = -0.5)]
fn store() {}

#[span(sample = "always")]
fn list() {}

#[span(sample = ratio())]
fn find() {}

fn main() {
    load();
    store();
    list();
    find();
}
