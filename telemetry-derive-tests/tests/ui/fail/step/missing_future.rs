use telemetry_core::step;

fn load() {
    let _step = step!("load" =>);
}

fn main() {}
