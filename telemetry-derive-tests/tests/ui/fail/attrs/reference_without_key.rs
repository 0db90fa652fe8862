use telemetry_core::span;

#[span(attrs(&id))]
fn load(id: u8) {
    let _ = id;
}

fn main() {}
