#![deny(unused_must_use)]

use telemetry_core::step;

fn load() {
    step!("load");
}

fn main() {}
