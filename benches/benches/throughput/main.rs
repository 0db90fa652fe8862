//! Two million spans through the ring, the drain and each sink: the rate, the processor time, the memory.
//!
//! - `cargo bench -p benches --bench throughput`: a table, and a failure where a sink loses spans at the rate it is offered;
//!   a part of a name chooses.
//! - `… -- --update`: also writes the table to README.md.
//! - `… -- --test`: a few spans through each.
//!
//! Every measurement is made in a process of its own, since the peak of the memory is a process's. To add a sink, add a row
//! in `sinks.rs`.

#[allow(dead_code, reason = "here it is never gone")]
mod collector;
mod grpc;
mod load;
mod sinks;

use std::process::{Command, ExitCode};

use benches::statistics::median;
use benches::table::{Table, figure};
use load::{Outcome, Pace, measure};
use sinks::{ROWS, Row};

const SPANS: u64 = 2_000_000;
const SPANS_IN_TEST: u64 = 20_000;
const PASSES: usize = 3;
/// For how many seconds spans are offered at a rate, at most.
const OFFERED_SECONDS: u64 = 5;
/// How often a pass is measured, at most, while spans are lost and the host takes more than so many seconds of a processor
/// away.
const ATTEMPTS: usize = 3;
const MOST_STOLEN: f64 = 0.02;
/// The argument after which a row's number, a pace and a number of spans follow: one measurement in this process.
const ONE: &str = "--one";
const HELD_BACK: &str = "held-back";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [one, row, pace, spans] = &arguments[..]
        && one == ONE
    {
        let row = &ROWS[row.parse::<usize>().expect("the parent passes a number")];
        let pace = if pace == HELD_BACK { Pace::HeldBack } else { Pace::Offered(row.offered) };
        println!("{}", told(&measure(row, pace, spans.parse().expect("the parent passes a number"))));
        return ExitCode::SUCCESS;
    }
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let test = has("--test");
    let wanted: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let mut table = Table::new([
        "sink",
        "spans a second, as it takes them",
        "CPU ns a span",
        "peak, MiB",
        "offered a second",
        "dropped by the ring",
        "dropped by the sink",
        "CPU ns a span",
        "peak, MiB",
    ]);
    let mut broken = Vec::new();
    for (number, row) in ROWS.iter().enumerate() {
        if !wanted.is_empty() && !wanted.iter().any(|part| row.name.contains(part.as_str())) {
            continue;
        }
        let (spans, passes) = if test { (SPANS_IN_TEST, 1) } else { (SPANS, PASSES) };
        match passes_of(number, spans, passes) {
            Ok(_) if test => println!("{}: ran", row.name),
            Ok((held_back, offered)) => {
                broken.extend(losses(row, &held_back, &offered));
                table.row(cells(row, &held_back, &offered));
            }
            Err(error) => broken.push(format!("{}: {error}", row.name)),
        }
    }
    if !test {
        println!("{table}");
    }
    if has("--update") && wanted.is_empty() && !test {
        broken.extend(benches::readme::update("throughput", &table.to_string()).err());
    }
    for line in &broken {
        println!("{line}");
    }
    if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

type Passes = (Vec<Outcome>, Vec<Outcome>);

/// Both paces in turns.
fn passes_of(row: usize, spans: u64, passes: usize) -> Result<Passes, String> {
    let (mut held_back, mut offered) = (Vec::new(), Vec::new());
    let at_a_rate = spans.min(ROWS[row].offered * OFFERED_SECONDS);
    for _ in 0..passes {
        held_back.push(undisturbed(row, HELD_BACK, spans)?);
        offered.push(undisturbed(row, "offered", at_a_rate)?);
    }
    Ok((held_back, offered))
}

/// A measurement in which nothing was lost, or during which the host left the machine its processors, or the last of a few:
/// one that is taken away for as long as the ring takes to fill says nothing of the drain.
fn undisturbed(row: usize, pace: &str, spans: u64) -> Result<Outcome, String> {
    let mut outcome = in_process(row, pace, spans)?;
    for _ in 1..ATTEMPTS {
        let lost = outcome.dropped_by_ring + outcome.dropped_by_sink;
        if lost == 0.0 || outcome.stolen <= MOST_STOLEN {
            break;
        }
        outcome = in_process(row, pace, spans)?;
    }
    Ok(outcome)
}

/// One measurement in a process of its own.
fn in_process(row: usize, pace: &str, spans: u64) -> Result<Outcome, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(program)
        .args([ONE, &row.to_string(), pace, &spans.to_string()])
        .output()
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    understood(&text)
        .filter(|_| output.status.success())
        .ok_or_else(|| format!("{pace}: {text:?}, {}", String::from_utf8_lossy(&output.stderr)))
}

/// An outcome as a line for the parent.
fn told(outcome: &Outcome) -> String {
    let Outcome { rate, processor, peak, dropped_by_ring, dropped_by_sink, stolen } = outcome;
    format!("{rate} {processor} {peak} {dropped_by_ring} {dropped_by_sink} {stolen}")
}

fn understood(line: &str) -> Option<Outcome> {
    let figures: Vec<f64> = line.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
    let [rate, processor, peak, dropped_by_ring, dropped_by_sink, stolen] = figures[..] else { return None };
    Some(Outcome { rate, processor, peak, dropped_by_ring, dropped_by_sink, stolen })
}

fn cells(row: &Row, held_back: &[Outcome], offered: &[Outcome]) -> [String; 9] {
    let of = |outcomes: &[Outcome], value: fn(&Outcome) -> f64| median(outcomes.iter().map(value));
    let drops = |value: fn(&Outcome) -> f64| offered.iter().map(value).sum::<f64>().to_string();
    [
        row.name.to_owned(),
        figure(of(held_back, |outcome| outcome.rate)),
        figure(of(held_back, |outcome| outcome.processor)),
        figure(of(held_back, |outcome| outcome.peak)),
        figure(of(offered, |outcome| outcome.rate)),
        drops(|outcome| outcome.dropped_by_ring),
        drops(|outcome| outcome.dropped_by_sink),
        figure(of(offered, |outcome| outcome.processor)),
        figure(of(offered, |outcome| outcome.peak)),
    ]
}

/// What must not happen: a loss, or less on offer than was said.
fn losses(row: &Row, held_back: &[Outcome], offered: &[Outcome]) -> Vec<String> {
    let lost = |outcomes: &[Outcome]| {
        outcomes.iter().map(|outcome| outcome.dropped_by_ring + outcome.dropped_by_sink).sum::<f64>()
    };
    let mut broken = Vec::new();
    for (pace, lost) in [("held back", lost(held_back)), ("offered", lost(offered))] {
        if lost > 0.0 {
            broken.push(format!("{}, {pace}: {lost} spans were lost", row.name));
        }
    }
    let least = row.offered as f64 * 0.95;
    if offered.iter().any(|outcome| outcome.rate < least) {
        broken.push(format!("{}: fewer than {} spans a second came", row.name, figure(least)));
    }
    broken
}
