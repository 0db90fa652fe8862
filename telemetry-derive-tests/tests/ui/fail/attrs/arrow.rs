use telemetry_core::span;

#[span(attrs(id => 2))]
fn load(id: u8) {
    let _ = id;
}

fn main() {}
