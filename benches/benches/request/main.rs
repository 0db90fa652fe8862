//! What telemetry costs a request: ten spans and five updates in a handler of 100 µs, 1 ms and 5 ms, beside the same
//! handler untouched.
//!
//! - `cargo bench -p benches --bench request`: a table, and a failure where a request pays more than its bound.
//! - `… -- --update`: also writes the table to README.md.
//! - `… -- --test`: a few requests of each.
//!
//! The two handlers take turns and are compared pair by pair, so that a slow minute of the machine falls on both; the
//! median of the differences ignores what interrupts one of them. Pairs are taken until the median is known well
//! enough. The drain runs at its default interval, into a sink that counts.

mod handler;
mod pairs;
mod work;

use std::process::ExitCode;
use std::time::Duration;

use benches::NullSink;
use benches::table::{Table, figure};
use handler::{SPANS, traced, untouched};
use pairs::{Difference, Effort, measure};
use telemetry_core::{RatioSample, Telemetry};

/// What a recorded request may pay: this share of its work,
const MOST_PERCENT: f64 = 1.0;
/// and this much, in microseconds.
const MOST_MICROS: f64 = 1.0;

/// The work of a request, and how much effort its figure is worth.
const WORKS: [(Duration, Effort); 3] = [
    (Duration::from_micros(100), Effort { pairs: 4_000, precision: 0.03, time: Duration::from_secs(10) }),
    (Duration::from_millis(1), Effort { pairs: 1_000, precision: 0.1, time: Duration::from_secs(4) }),
    (Duration::from_millis(5), Effort { pairs: 300, precision: 0.5, time: Duration::from_secs(5) }),
];
/// The shares of traces that are recorded, in percent.
const SAMPLED: [f64; 3] = [0.0, 1.0, 100.0];

fn main() -> ExitCode {
    let has = |flag: &str| std::env::args().any(|argument| argument == flag);
    let test = has("--test");
    let sink = NullSink::default();
    let telemetry = Telemetry::builder().sink(sink.clone()).start().expect("nothing runs yet");
    let mut table = Table::new([
        "work, µs",
        "sampled",
        "more, µs",
        "99 times of 100 between",
        "more, %",
        "quartiles of the pairs, µs",
        "pairs",
        "drain, CPU µs a request",
    ]);
    let (mut broken, mut requests) = (Vec::new(), 0);
    for (time, effort) in WORKS {
        let words = work::words_for(time) / SPANS;
        let effort = if test { Effort { pairs: 3, time: Duration::ZERO, ..effort } } else { effort };
        for percent in SAMPLED {
            telemetry.set_sampler(RatioSample::new(percent / 100.0).expect("a share"));
            let before = sink.spans();
            let found = measure(traced::get_book, untouched::get_book, words, effort, || {
                telemetry.drain_now(Duration::from_secs(60)).expect("nothing hinders the drain");
            });
            requests += found.requests;
            table.row(row(&found, percent));
            if percent.total_cmp(&100.0).is_eq() {
                assert_eq!(sink.spans() - before, SPANS * found.requests, "every span arrived");
                broken.extend(verdict(&found, time));
            }
        }
    }
    assert_eq!(telemetry.accounting().dropped(), 0, "the ring held every span");
    let line = format!("request_lookups_total {requests}");
    assert!(telemetry.metrics().text().lines().any(|it| it == line), "every update counted");
    if test {
        return ExitCode::SUCCESS;
    }
    println!("{table}");
    if has("--update") {
        broken.extend(benches::readme::update("request", &table.to_string()).err());
    }
    for line in &broken {
        println!("{line}");
    }
    if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn row(found: &Difference, sampled: f64) -> [String; 8] {
    let (low, high) = found.more.median_interval();
    let more = found.more.at(0.5);
    [
        figure(found.untouched),
        format!("{sampled} %"),
        format!("{more:.2}"),
        format!("{low:.2} to {high:.2}"),
        format!("{:.2}", more / found.untouched * 100.0),
        format!("{:.2} to {:.2}", found.more.at(0.25), found.more.at(0.75)),
        found.pairs.to_string(),
        figure(found.elsewhere),
    ]
}

/// What is wrong with what was found at 100 %, each as a line. A bound is broken when the whole interval lies above it,
/// so that noise alone breaks none.
fn verdict(found: &Difference, work: Duration) -> Vec<String> {
    let (low, high) = found.more.median_interval();
    let width = high - low;
    let percent = 100.0 / (work.as_secs_f64() * 1e6);
    let mut broken = Vec::new();
    if low * percent > MOST_PERCENT {
        let low = low * percent;
        broken.push(format!(
            "{work:?}: a request pays {low:.2} % or more; at most {MOST_PERCENT} % is allowed"
        ));
    }
    // Of 5 ms the timer's interrupts take more than is looked for, now one more, now one less.
    if low > MOST_MICROS && width <= MOST_MICROS {
        broken.push(format!(
            "{work:?}: a request pays {low:.2} µs or more; at most {MOST_MICROS} µs is allowed"
        ));
    }
    if width * percent > MOST_PERCENT {
        let width = width * percent;
        broken.push(format!(
            "{work:?}: the machine is too restless to say: the median is known to {width:.2} %"
        ));
    }
    broken
}
