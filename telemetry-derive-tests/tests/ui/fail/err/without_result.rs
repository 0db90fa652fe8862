use telemetry_core::span;

fn code(error: &String) -> &str {
    error
}

#[span(err = code)]
fn load() -> bool {
    true
}

fn main() {}
