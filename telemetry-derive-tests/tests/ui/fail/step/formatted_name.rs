use telemetry_core::step;

fn main() {
    let id = 7;
    let _load = step!("load {}", id);
}
