use telemetry_core::step;

fn main() {
    let _root = step!(root, "load");
    let _measured = step!(metrics, "load", rows = 1);
    let _attributes = step!("load", attrs(rows = 1));
    let _quoted = step!(NAME, "any key" = 1);
}

const NAME: &str = "load";
