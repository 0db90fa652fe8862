use telemetry_core::span;

#[span(name = "load {}", attrs(id))]
fn load(id: u64) {}

#[span(name = "GET /books/{id}")]
fn route() {}

fn main() {
    load(7);
    route();
}
