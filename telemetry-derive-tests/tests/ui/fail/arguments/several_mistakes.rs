use telemetry_core::span;

#[span(naem = "x", kind = sever, root = 1, attrs(id, id, rows: i32), bind = span)]
fn load(id: u8) {
    let _ = id;
}

fn main() {}
