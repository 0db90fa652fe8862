//! Instruments of every kind, awkward ones among them, served for programs of others to read.
//!
//! Names the address on standard error and serves `/metrics` until standard input ends. Every hundredth of a second a
//! recorded span updates everything; the spans go to standard output as JSON lines.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use telemetry_core::metric::linear;
use telemetry_core::sink::{PrometheusSink, StdoutSink};
use telemetry_core::{AlwaysSample, Label, Telemetry, metric, span};

#[derive(Clone, Copy, Label)]
enum Outcome {
    Hit,
    #[label(rename = "gave \"up\" \\ or\nnot")]
    GaveUp,
}

metric! {
    /// Books looked up, with a "quote", a \ backslash
    /// and text in another script: книги.
    static LOOKUPS: Counter = "exposition_lookups_total" { outcome: Outcome };
    /// Time waited.
    static WAITED: Counter = "exposition_waited_seconds_total";
    /// Pages by shelf, whatever it is called.
    static PAGES: Counter = "exposition_pages_total" { shelf: str, r#type: str }, limit = 3;
    /// Degrees.
    static TEMPERATURE: Gauge = "exposition_temperature_celsius" { sensor: str };
    /// Time taken.
    static TOOK: Histogram = "exposition_took_seconds" { outcome: Outcome };
    /// Changes of temperature.
    static CHANGES: Histogram = "exposition_change_celsius", buckets = linear::<5>(-2.0, 1.0);
    /// A lonely bucket.
    static LONELY: Histogram = "exposition_lonely", buckets = [1e-9];
    /// Never used.
    static UNUSED: Histogram = "exposition_unused_bytes" { name: str }, buckets = [1024, 1e6, 1e21];
}

const AWKWARD: [&str; 5] = ["plain", "back\\slash", "\"quoted\"", "line\nfeed", "полка\u{1F4DA}"];
const NUMBERS: [f64; 7] = [0.0, -0.0, 1.0, 1e21, -2.5e-10, f64::NAN, f64::NEG_INFINITY];

#[span]
fn update(round: u64) {
    LOOKUPS.with(Outcome::Hit).inc();
    LOOKUPS.with(Outcome::GaveUp).add(round % 3);
    WAITED.add(2);
    for shelf in AWKWARD {
        PAGES.with((shelf, "book")).inc();
    }
    for (sensor, value) in NUMBERS.iter().enumerate() {
        TEMPERATURE.with(&*sensor.to_string()).set(*value);
    }
    TOOK.with(Outcome::Hit).observe((round % 16) as f64);
    TOOK.with(Outcome::GaveUp).observe(0.001);
    CHANGES.observe((round % 7) as f64 - 3.5);
    LONELY.observe(f64::MIN_POSITIVE);
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let prometheus = PrometheusSink::new();
    let telemetry = Telemetry::builder()
        .service_name("exposition")
        .sampler(AlwaysSample)
        .drain_interval(Duration::from_millis(100))
        .sink(prometheus.clone())
        .sink(StdoutSink::new())
        .start()?;
    let server = prometheus.serve("0")?;
    let done = Arc::new(AtomicBool::new(false));
    let updates = {
        let done = Arc::clone(&done);
        thread::spawn(move || {
            for round in 0.. {
                if done.load(Ordering::Relaxed) {
                    return;
                }
                update(round);
                thread::sleep(Duration::from_millis(10));
            }
        })
    };
    eprintln!("{}", server.local_addr());
    io::copy(&mut io::stdin().lock(), &mut io::sink())?;
    done.store(true, Ordering::Relaxed);
    updates.join().map_err(|_| "the updates panicked")?;
    drop(telemetry);
    Ok(())
}
