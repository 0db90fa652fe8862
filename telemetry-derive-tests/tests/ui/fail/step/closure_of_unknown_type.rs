use telemetry_core::step;

fn main() {
    let parse = step!("parse" => |text: &str| text.parse::<u8>().map_err(Into::into));
    let _: Result<u8, Box<dyn std::error::Error>> = parse("3");
}
