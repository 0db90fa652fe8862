use telemetry_core::step;

fn load(rows: u8) {
    let _first = step!();
    let _second = step!(rows = rows);
}

fn main() {}
