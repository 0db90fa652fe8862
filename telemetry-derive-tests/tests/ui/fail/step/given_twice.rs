use telemetry_core::step;

fn load(rows: u8) {
    let _step = step!("load", rows, rows = 2);
}

fn main() {}
