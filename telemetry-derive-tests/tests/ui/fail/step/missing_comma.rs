use telemetry_core::step;

fn load(rows: u8) {
    let _step = step!("load" rows);
}

fn main() {}
