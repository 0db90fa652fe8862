use telemetry_core::span;

#[span(bind = shelf.span)]
fn load() {}

fn main() {
    load();
}
