#![deny(unused_variables)]

use telemetry_core::span;

#[span]
fn load(id: u8, title: String) -> Result<(), String> {
    Ok(())
}

fn main() {}
