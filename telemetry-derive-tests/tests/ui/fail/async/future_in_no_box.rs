use telemetry_core::span;

struct Ready;

#[span(async = true)]
fn load() -> Ready {
    Ready
}

fn main() {}
