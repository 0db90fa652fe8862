//! Threads that come and go, spans of every shape, drains at any moment; and at the end of every round, the books.
//!
//! ```text
//! cargo run -p telemetry-core --release --example stress -- --seconds 20
//! cargo run -p telemetry-core --release --example stress -- --seconds 20 --seed 7
//! ```
//!
//! Rounds alternate between isolated scopes, whose rings have a capacity drawn for each, and the pipeline of the process,
//! which is started, drained, flushed, disabled, enabled and shut down under load. The seed decides what threads do, not
//! how they interleave. What is checked, of every round:
//!
//! - started = taken + in flight + dropped by reason, and each of them is what the threads counted;
//! - what is in flight are the spans whose guards were forgotten, and no other slot is occupied;
//! - every span comes out once, under an identifier of its own;
//! - its contents are those its own number stands for: attributes, events, name, end, parent, trace, times;
//! - writes that came too late are counted, each;
//! - of each sink, taken = delivered + dropped + queued.

mod books;
mod contents;
mod load;
mod process;
mod random;
mod scoped;
mod tasks;

use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use random::Random;

fn main() -> ExitCode {
    let (seconds, seed) = match arguments() {
        Ok(arguments) => arguments,
        Err(mistake) => {
            eprintln!("{mistake}\nusage: stress [--seconds N] [--seed N]");
            return ExitCode::FAILURE;
        }
    };
    println!("stress: {seconds} s, --seed {seed}");
    // The panics of the load are part of it; those of the checks are what one wants to read.
    std::panic::set_hook(Box::new(|info| {
        if !load::is_meant(info.payload()) {
            eprintln!("{info}");
        }
    }));
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut random = Random::new(seed);
    let mut process = process::Process::new(&mut random);
    let (mut rounds, mut totals) = (0, books::Totals::default());
    while Instant::now() < end {
        rounds += 1;
        if rounds % 3 == 0 {
            process.round(&mut random, &mut totals);
        } else {
            scoped::round(&mut random, &mut totals);
        }
    }
    println!("stress: {rounds} rounds, {totals}; every span is accounted for");
    ExitCode::SUCCESS
}

/// The seconds to run and the seed.
fn arguments() -> Result<(u64, u64), String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |now| now.as_nanos() as u64);
    let (mut seconds, mut seed) = (10, now % 1_000_000_000);
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        let value = given.next().and_then(|value| value.parse().ok());
        match (name.as_str(), value) {
            ("--seconds", Some(value)) => seconds = value,
            ("--seed", Some(value)) => seed = value,
            _ => return Err(format!("{name}: not an argument, or without a number")),
        }
    }
    Ok((seconds, seed))
}
