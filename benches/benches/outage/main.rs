//! A collector that dies under load, is gone for a minute, and comes back: what a request notices of it, how much memory it
//! takes, and where every span went.
//!
//! - `cargo bench -p benches --bench outage`: a table, and a failure where a request is slower meanwhile, a span is not
//!   accounted for, or delivery has not resumed within seconds of the collector's return.
//! - `… -- --update`: also writes the table to README.md.
//! - `… -- --test`: the same in a second, without a judgement on times.

#[path = "../throughput/collector.rs"]
mod collector;

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use benches::statistics::Sorted;
use benches::table::{Table, figure};
use benches::{peak_memory, work};
use collector::Collector;
use telemetry_core::{AlwaysSample, Span, Telemetry, span};
use telemetry_otlp::OtlpSink;

/// Threads that serve requests.
const THREADS: usize = 2;
/// Spans of a request.
const SPANS: u64 = 10;
/// What a request works, and what its thread waits after it.
const WORK: Duration = Duration::from_micros(100);
const PAUSE: Duration = Duration::from_millis(1);
/// How much longer a request may take at the median, while the collector is gone and after it has come back.
const MOST: f64 = 1.05;
const PATIENCE: Duration = Duration::from_secs(120);
/// After how long a collector that is back must have got something: the longest pause between attempts, and a second for the
/// attempt and the drain.
const RESUMED: Duration = Duration::from_secs(6);
/// How often it is looked at what has been delivered.
const LOOK: Duration = Duration::from_millis(10);

fn main() -> ExitCode {
    let has = |flag: &str| std::env::args().any(|argument| argument == flag);
    let test = has("--test");
    let lengths = if test { [300; 3] } else { [20_000, 60_000, 20_000] }.map(Duration::from_millis);
    let mut collector = Collector::start();
    let sink = OtlpSink::builder().endpoint(&collector.endpoint()).build().expect("the settings are fine");
    let telemetry = Telemetry::builder().sampler(AlwaysSample).sink(sink).start().expect("nothing runs yet");
    let steps = steps_for(WORK / SPANS as u32);
    let mut phases = Vec::new();
    for (name, length) in ["there", "gone", "back"].into_iter().zip(lengths) {
        match name {
            "gone" => collector.leave(),
            "back" => collector.come_back(),
            _ => {}
        }
        phases.push(Phase::measure(name, &telemetry, length, steps));
    }
    // What it lost while the collector was gone is reported to whoever flushes; here it is counted.
    let _ = telemetry.flush(PATIENCE);
    let (accounting, figures) = (telemetry.accounting(), telemetry.sinks().swap_remove(0));
    let requests: u64 = phases.iter().map(|phase| phase.requests).sum();
    assert_eq!(accounting.started, requests * SPANS, "every span was begun");
    assert_eq!((accounting.taken, accounting.dropped()), (accounting.started, 0), "the ring held them all");
    assert_eq!(figures.taken, figures.delivered + figures.dropped_total(), "every span is accounted for");
    assert!(figures.delivered > phases[1].delivered, "delivery has resumed by itself");
    if test {
        return ExitCode::SUCCESS;
    }
    let mut table = Table::new([
        "collector",
        "seconds",
        "requests",
        "median, µs",
        "p99, µs",
        "p99.9, µs",
        "peak so far, MiB",
        "first delivery after, s",
        "delivered",
        "dropped",
    ]);
    for (phase, length) in phases.iter().zip(lengths) {
        table.row(phase.cells(length));
    }
    println!("{table}");
    let mut broken: Vec<String> = phases[1..].iter().filter_map(|phase| phase.verdict(&phases[0])).collect();
    if phases[2].resumed.is_none_or(|resumed| resumed > RESUMED) {
        broken.push(format!("back: the first delivery came after {:?}", phases[2].resumed));
    }
    if has("--update") {
        broken.extend(benches::readme::update("outage", &table.to_string()).err());
    }
    for line in &broken {
        println!("{line}");
    }
    if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What was seen while the collector was in one state.
struct Phase {
    name: &'static str,
    requests: u64,
    /// Of the requests, in microseconds.
    times: Sorted,
    peak: f64,
    /// When the first of the spans that were delivered meanwhile was.
    resumed: Option<Duration>,
    /// Spans so far.
    delivered: u64,
    dropped: u64,
}

impl Phase {
    fn measure(name: &'static str, telemetry: &Telemetry, length: Duration, steps: u64) -> Self {
        let over = AtomicBool::new(false);
        let delivered = || telemetry.sinks().swap_remove(0).delivered;
        let (before, mut resumed) = (delivered(), None);
        let times: Vec<f64> = thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| serve(&over, steps))).collect();
            let began = Instant::now();
            while began.elapsed() < length {
                thread::sleep(LOOK);
                if resumed.is_none() && delivered() > before {
                    resumed = Some(began.elapsed());
                }
            }
            over.store(true, Ordering::Relaxed);
            threads.into_iter().flat_map(|thread| thread.join().expect("requests do not fail")).collect()
        });
        let figures = telemetry.sinks().swap_remove(0);
        Self {
            name,
            requests: times.len() as u64,
            times: Sorted::new(times),
            peak: peak_memory::of_process(),
            resumed,
            delivered: figures.delivered,
            dropped: figures.dropped_total(),
        }
    }

    fn cells(&self, length: Duration) -> [String; 10] {
        [
            self.name.to_owned(),
            length.as_secs().to_string(),
            self.requests.to_string(),
            figure(self.times.at(0.5)),
            figure(self.times.at(0.99)),
            figure(self.times.at(0.999)),
            figure(self.peak),
            self.resumed.map_or_else(|| "never".to_owned(), |resumed| figure(resumed.as_secs_f64())),
            self.delivered.to_string(),
            self.dropped.to_string(),
        ]
    }

    /// What a request must not notice.
    fn verdict(&self, before: &Self) -> Option<String> {
        let ratio = self.times.at(0.5) / before.times.at(0.5);
        (ratio > MOST).then(|| format!("{}: requests took {ratio:.3} times as long at the median", self.name))
    }
}

/// Serves requests until it is over; how long each took, in microseconds.
fn serve(over: &AtomicBool, steps: u64) -> Vec<f64> {
    let mut times = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let began = Instant::now();
        request(times.len() as u64, steps);
        times.push(began.elapsed().as_secs_f64() * 1e6);
        thread::sleep(PAUSE);
    }
    times
}

#[span(root, attrs(http.method = "GET", http.route = "/books/{id}", book.id = id))]
fn request(id: u64, steps: u64) {
    Span::current().event("admitted");
    spend(steps);
    for _ in 1..SPANS {
        stage(steps);
    }
}

#[span]
fn stage(steps: u64) {
    spend(steps);
}

fn spend(steps: u64) {
    black_box((0..steps).fold(1, |x, _| work(x)));
}

/// How many steps take this long.
fn steps_for(time: Duration) -> u64 {
    const TRIED: u64 = 1_000_000;
    let began = Instant::now();
    spend(TRIED);
    (TRIED as f64 * time.as_secs_f64() / began.elapsed().as_secs_f64()) as u64
}
