//! User items that shadow the names an expansion might use.
#![no_implicit_prelude]
#![allow(dead_code, non_camel_case_types)]

mod core {}
mod std {}
mod telemetry_core {}
struct Some;
struct None;
struct Option;
struct Result;
struct String;
trait From {}
trait AsRef {}
trait Label {}
struct Counter;

#[derive(::telemetry_core::Label)]
enum Outcome {
    Hit,
    Miss,
}

::telemetry_core::metric! {
    /// Things.
    static THINGS: Counter = "things_total" { outcome: Outcome, name: str };

    /// Times.
    static TIMES: Histogram = "times_seconds", buckets = [1.0, ::std::f64::consts::PI];
}

fn main() {
    THINGS.with((Outcome::Hit, "a")).inc();
    THINGS.with((Outcome::Miss, "a")).inc();
    TIMES.observe(1.0);
}
