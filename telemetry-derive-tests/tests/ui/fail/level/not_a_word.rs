use telemetry_core::span;

#[span(level = Level::Debug)]
fn load() {}

#[span(level = 2)]
fn store() {}

#[span(level)]
fn list() {}

fn main() {
    load();
    store();
    list();
}
