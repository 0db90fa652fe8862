use telemetry_core::step;

fn load() {
    let _step = step!("load", rows: i64);
}

fn main() {}
