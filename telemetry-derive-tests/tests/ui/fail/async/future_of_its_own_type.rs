use telemetry_core::span;

#[span(async = true)]
fn load() -> std::future::Ready<u8> {
    std::future::ready(3)
}

fn main() {}
