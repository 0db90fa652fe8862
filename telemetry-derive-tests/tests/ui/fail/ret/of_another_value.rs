use telemetry_core::span;

#[span(ret = length)]
fn load() -> u8 {
    1
}

fn length(text: &String) -> usize {
    text.len()
}

fn main() {}
