use telemetry_core::step;

fn load(title: &str) {
    let _first = step!(format!("load"));
    let _second = step!(title);
}

fn main() {}
