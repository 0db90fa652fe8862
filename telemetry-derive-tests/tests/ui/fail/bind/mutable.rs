use telemetry_core::span;

#[span(bind = mut span)]
fn load() {
    span.str("key", "value");
}

fn main() {}
