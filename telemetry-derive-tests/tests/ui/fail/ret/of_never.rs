use telemetry_core::span;

#[span(ret)]
fn load() -> ! {
    panic!()
}

fn main() {}
