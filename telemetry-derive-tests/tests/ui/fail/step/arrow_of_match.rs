use telemetry_core::step;

fn main() {
    let _ = step!("load" -> async {});
}
