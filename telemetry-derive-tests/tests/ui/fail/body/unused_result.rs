use telemetry_core::span;

#[span]
fn load() -> Result<u8, u8> {
    Ok(1)
}

#[deny(unused_must_use)]
#[span]
fn call() {
    load();
}

fn main() {}
