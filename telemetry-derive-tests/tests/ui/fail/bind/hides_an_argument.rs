use telemetry_core::span;

#[span(bind = span)]
fn load(span: u8) {
    let _ = span;
}

fn main() {}
