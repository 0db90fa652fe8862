use telemetry_core::trace;

macro_rules! make {
    () => {};
}

#[trace]
make!();

fn main() {}
