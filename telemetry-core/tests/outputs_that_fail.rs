//! Sinks whose output is a full disk, a closed pipe, or nothing that ever returns, and others beside them.
//!
//! One test in a program of its own: there is one such pipeline.
#![cfg(target_os = "linux")]

use std::fs::OpenOptions;
use std::io::{self, PipeWriter};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use telemetry_core::drain::{DrainError, ShutdownError};
use telemetry_core::metric::snapshot::MetricsSnapshot;
use telemetry_core::record::SpanRecord;
use telemetry_core::sink::{MemorySink, Sink, SinkError, StdoutSink, TtySink};
use telemetry_core::{AlwaysSample, Telemetry, span};

const SPANS: u64 = 500;
const BLOCKED_FOR: Duration = Duration::from_secs(2);
/// What a deadline may be missed by on a busy machine.
const GENEROUS: Duration = Duration::from_secs(20);

#[span]
fn work() {}

/// Never returns from an export, and says when it is there.
struct Blocked {
    arrived: Sender<()>,
    never: Mutex<Receiver<()>>,
}

impl Sink for Blocked {
    fn name(&self) -> &'static str {
        "blocked"
    }

    fn export_spans(&mut self, _: &[SpanRecord]) -> Result<(), SinkError> {
        let _ = self.arrived.send(());
        let _ = self.never.lock().unwrap().recv();
        Ok(())
    }

    fn export_metrics(&mut self, _: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        Ok(())
    }
}

/// Panics at everything, with a payload that panics when it is dropped.
struct Panicking;

struct Payload;

impl Drop for Payload {
    fn drop(&mut self) {
        panic!("again");
    }
}

impl Sink for Panicking {
    fn name(&self) -> &'static str {
        "panicking"
    }

    fn export_spans(&mut self, _: &[SpanRecord]) -> Result<(), SinkError> {
        std::panic::panic_any(Payload)
    }

    fn export_metrics(&mut self, _: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        Ok(())
    }
}

/// The writing end of a pipe that nobody reads any more.
fn closed_pipe() -> PipeWriter {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    writer
}

#[test]
fn outputs_that_fail_harm_nobody_and_every_span_is_counted_by_reason() {
    let full = || OpenOptions::new().write(true).open("/dev/full").unwrap();
    let memory = MemorySink::new();
    let (arrived, arrive) = channel();
    let (_keep, never) = channel();
    let telemetry = Telemetry::builder()
        .sampler(AlwaysSample)
        .drain_interval(Duration::from_secs(300))
        .sink(StdoutSink::to(full()).with_metrics())
        .sink(TtySink::to(full()))
        .sink(StdoutSink::to(closed_pipe()))
        .sink(TtySink::to(closed_pipe()))
        .sink(Blocked { arrived, never: Mutex::new(never) })
        .sink(Panicking)
        .sink(memory.clone())
        .start()
        .unwrap();
    (0..SPANS).for_each(|_| work());

    let began = Instant::now();
    let error = telemetry.flush(BLOCKED_FOR).unwrap_err();
    assert!(began.elapsed() >= BLOCKED_FOR && began.elapsed() < GENEROUS, "{:?}", began.elapsed());
    arrive.recv().unwrap();
    let DrainError::Incomplete(deliveries) = &error else { panic!("{error}") };
    let done: Vec<_> = deliveries.iter().filter(|delivery| delivery.is_done()).collect();
    assert_eq!(done.iter().map(|delivery| &*delivery.sink).collect::<Vec<_>>(), ["memory"]);
    for part in ["stdout failed", "tty failed", "stdout-2 failed", "tty-2 failed", "blocked was still busy"] {
        assert!(error.to_string().contains(part), "{part} is missing in: {error}");
    }
    assert!(error.to_string().contains("No space left on device"), "{error}");
    assert!(error.to_string().contains("Broken pipe"), "{error}");

    let began = Instant::now();
    let error = telemetry.shutdown(BLOCKED_FOR).unwrap_err();
    assert!(began.elapsed() < GENEROUS, "{:?}", began.elapsed());
    let ShutdownError::Abandoned { threads, .. } = &error else { panic!("{error}") };
    assert_eq!(*threads, ["telemetry-sink-blocked"]);

    assert_eq!(memory.span_count() as u64, SPANS);
    for figures in telemetry.sinks() {
        let reason = match &*figures.sink {
            "memory" => None,
            "blocked" => Some("abandoned"),
            "panicking" => Some("panic"),
            _ => Some("error"),
        };
        let dropped: Vec<_> = figures.dropped_by_reason().filter(|(_, count)| *count > 0).collect();
        assert_eq!(dropped, Vec::from_iter(reason.map(|reason| (reason, SPANS))), "{figures:?}");
        assert_eq!(figures.taken, SPANS, "{figures:?}");
        assert_eq!(figures.delivered, if reason.is_none() { SPANS } else { 0 }, "{figures:?}");
    }
}
