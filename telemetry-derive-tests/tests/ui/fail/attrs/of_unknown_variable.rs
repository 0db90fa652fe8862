use telemetry_core::span;

#[span(attrs(ident))]
fn load(id: u8) {
    let _ = id;
}

fn main() {}
