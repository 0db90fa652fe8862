use telemetry_core::step;

fn main() {
    let _one = step!(kind = client, "fetch");
    let _two = step!(levle = debug, "fetch");
    let _three = step!(level = debug, level = trace, "fetch");
    let _four = step!(level = debug "fetch");
}
