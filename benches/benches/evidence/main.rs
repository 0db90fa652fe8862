//! What it costs a span when the ring lies in a file, so that it survives `kill -9`: beside a ring in memory of its own.
//!
//! - `cargo bench -p benches --bench evidence`: a table; `… -- --test`: a few spans of each.
//!
//! Every measurement is a process of its own, since a ring stays where it is; the places take turns. A process opens and
//! closes children of a recorded span, alone on its thread, while the drain takes them out at its default interval and
//! whenever a quarter of the ring is full. Each span is timed by itself, between two readings of the clock, of which one
//! pair's own cost is taken off. Where it says so, another thread has the file written back again and again, as the kernel
//! by itself does every few seconds: pages fault when they are stored to after that.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use benches::statistics::{Sorted, median};
use benches::table::{Table, figure};
use benches::{NullSink, work};
use telemetry_core::evidence::CrashEvidence;
use telemetry_core::{AlwaysSample, Telemetry, span};

/// Where the ring may lie.
const PLACES: [&str; 5] =
    ["memory", "tmpfs", "disk", "disk, synced each 100 ms", "disk, synced without pause"];
/// What is told of each.
const QUANTILES: [(&str, f64); 4] = [("median", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("p99.99", 0.9999)];
const ROUNDS: usize = 9;
const SPANS: usize = 2_000_000;
/// Spans before those that are timed: twice around the ring.
const WARM: usize = 40_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, place, directory, spans] = &arguments[..]
        && first == "measure"
    {
        measure(place, directory.as_ref(), spans.parse().expect("a number of spans"));
        return ExitCode::SUCCESS;
    }
    let test = arguments.iter().any(|argument| argument == "--test");
    let (rounds, spans) = if test { (1, 10_000) } else { (ROUNDS, SPANS) };
    let mut figures = vec![Vec::new(); PLACES.len()];
    for _ in 0..rounds {
        for (place, figures) in PLACES.iter().zip(&mut figures) {
            figures.push(run(place, spans));
        }
    }
    let middle = |place: usize, column: usize| median(figures[place].iter().map(|round| round[column]));
    let mut table =
        Table::new(["ring in", "median, ns", "p99", "p99.9", "p99.99", "mean", "p99.9 beside memory"]);
    for (index, place) in PLACES.iter().enumerate() {
        let mut row = vec![(*place).to_owned()];
        row.extend((0..=QUANTILES.len()).map(|column| figure(middle(index, column))));
        let ratios = (0..rounds).map(|round| figures[index][round][2] / figures[0][round][2]);
        row.push(figure(median(ratios)));
        table.row(row);
    }
    println!("{table}");
    ExitCode::SUCCESS
}

/// Runs one measurement in a process of its own.
fn run(place: &str, spans: usize) -> Vec<f64> {
    let own = std::env::current_exe().expect("the program knows its path");
    let base =
        if place == "tmpfs" { PathBuf::from("/dev/shm") } else { own.parent().expect("a folder").to_owned() };
    let directory = base.join(format!("evidence-bench-{}", std::process::id()));
    let output = Command::new(&own).args(["measure", place]).arg(&directory).arg(spans.to_string()).output();
    let output = output.expect("the program runs itself");
    let _ = std::fs::remove_dir_all(&directory);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout);
    said.split_whitespace().map(|number| number.parse().expect("a figure")).collect()
}

#[span]
fn root(run: impl FnOnce()) {
    run();
}

#[span]
fn child(x: u64) -> u64 {
    work(x)
}

fn measure(place: &str, directory: &Path, spans: usize) {
    let mut builder = Telemetry::builder().sampler(AlwaysSample).sink(NullSink::default());
    if place != "memory" {
        builder = builder.crash_evidence(CrashEvidence::in_directory(directory));
    }
    let telemetry = builder.start().expect("nothing runs yet");
    let file = telemetry.evidence().expect("it can be had").map(Path::to_owned);
    let pause = match place {
        "disk, synced each 100 ms" => Some(Duration::from_millis(100)),
        "disk, synced without pause" => Some(Duration::ZERO),
        _ => None,
    };
    let stop = AtomicBool::new(false);
    let mut times = vec![0.0; spans];
    let stopped = &stop;
    std::thread::scope(|scope| {
        if let (Some(pause), Some(file)) = (pause, file) {
            scope.spawn(move || {
                let file = std::fs::File::open(file).expect("it is there");
                while !stopped.load(Ordering::Relaxed) {
                    file.sync_data().expect("the disk takes it");
                    std::thread::sleep(pause);
                }
            });
        }
        root(|| {
            for x in 0..WARM as u64 {
                child(x);
            }
            for (x, time) in (0..).zip(&mut times) {
                let begin = Instant::now();
                child(x);
                *time = begin.elapsed().as_nanos() as f64;
            }
        });
        stopped.store(true, Ordering::Relaxed);
    });
    let own = Sorted::new((0..100_000).map(|_| Instant::now().elapsed().as_nanos() as f64)).at(0.5);
    let mean = times.iter().sum::<f64>() / times.len() as f64 - own;
    let sorted = Sorted::new(times);
    let quantiles: Vec<String> = QUANTILES.iter().map(|(_, at)| (sorted.at(*at) - own).to_string()).collect();
    println!("{} {mean}", quantiles.join(" "));
    drop(telemetry);
}
