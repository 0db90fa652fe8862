//! The drain with a ring that is a list and sinks that are closures.

mod accounting;
mod delivery;
mod forks;
mod isolation;
mod shutdown;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use super::*;
use crate::sink::fixtures::span;
use crate::sink::{SinkContext, SinkError};

/// Long enough never to be reached by a test that passes.
const AMPLE: Duration = Duration::from_secs(60);

/// A source that hands out what was put into it.
#[derive(Default)]
struct ListSource {
    ready: Mutex<VecDeque<SpanRecord>>,
    taken: AtomicU64,
    snapshots: AtomicU64,
    clock_ticks: AtomicU64,
    reports: Mutex<Vec<Report>>,
    own: Mutex<Vec<MetricFamily>>,
}

impl ListSource {
    fn put(&self, count: u64) {
        lock(&self.ready).extend((0..count).map(|i| span(1, i + 1, 0, "work", 0, 1)));
    }
}

impl Source for ListSource {
    fn tick(&self) {
        self.clock_ticks.fetch_add(1, Ordering::Relaxed);
    }

    fn collect_metrics(&self, own: Vec<MetricFamily>) -> (Arc<MetricsSnapshot>, Vec<Report>) {
        let time_unix_nanos = self.snapshots.fetch_add(1, Ordering::Relaxed) + 1;
        *lock(&self.own) = own;
        (
            Arc::new(MetricsSnapshot { time_unix_nanos, ..MetricsSnapshot::default() }),
            lock(&self.reports).clone(),
        )
    }

    fn drain_spans(&self, max: usize, out: &mut Vec<SpanRecord>) -> usize {
        let mut ready = lock(&self.ready);
        let count = max.min(ready.len());
        out.extend(ready.drain(..count));
        self.taken.fetch_add(count as u64, Ordering::Relaxed);
        count
    }

    fn capacity(&self) -> usize {
        1_000_000
    }
}

type Export = Box<dyn FnMut(&[SpanRecord]) -> Result<(), SinkError> + Send>;

/// A sink whose export is a closure; everything else is counted in `calls`.
struct ClosureSink {
    name: &'static str,
    export: Export,
    calls: Arc<Mutex<Vec<&'static str>>>,
}

impl ClosureSink {
    fn new(
        name: &'static str,
        export: impl FnMut(&[SpanRecord]) -> Result<(), SinkError> + Send + 'static,
    ) -> Self {
        Self { name, export: Box::new(export), calls: Arc::default() }
    }

    fn boxed(
        name: &'static str,
        export: impl FnMut(&[SpanRecord]) -> Result<(), SinkError> + Send + 'static,
    ) -> Box<dyn Sink> {
        Box::new(Self::new(name, export))
    }
}

impl Sink for ClosureSink {
    fn name(&self) -> &str {
        self.name
    }

    fn start(&mut self, _: &SinkContext) -> Result<(), SinkError> {
        lock(&self.calls).push("start");
        Ok(())
    }

    fn export_spans(&mut self, spans: &[SpanRecord]) -> Result<(), SinkError> {
        (self.export)(spans)
    }

    fn export_metrics(&mut self, _: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        lock(&self.calls).push("flush");
        Ok(())
    }

    fn close(&mut self) -> Result<(), SinkError> {
        lock(&self.calls).push("close");
        Ok(())
    }
}

/// A sink that counts spans.
fn counting(name: &'static str) -> (Box<dyn Sink>, Arc<AtomicU64>) {
    let count = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&count);
    let sink = ClosureSink::boxed(name, move |spans| {
        counter.fetch_add(spans.len() as u64, Ordering::Relaxed);
        Ok(())
    });
    (sink, count)
}

/// A sink that blocks in its first export until the sender is used or dropped, and says when it is there.
fn blocking(name: &'static str) -> (Box<dyn Sink>, mpsc::Sender<()>, mpsc::Receiver<()>) {
    let (release, released) = mpsc::channel::<()>();
    let (arrive, arrived) = mpsc::channel();
    let mut waited = false;
    let sink = ClosureSink::boxed(name, move |_| {
        if !std::mem::replace(&mut waited, true) {
            let _ = arrive.send(());
            let _ = released.recv();
        }
        Ok(())
    });
    (sink, release, arrived)
}

/// A drain that ticks on request alone, over a list, with its reports captured.
struct Rig {
    source: Arc<ListSource>,
    drain: Drain,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Rig {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(adjust: impl FnOnce(&mut Options)) -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let captured = Arc::clone(&lines);
        let mut options = Options {
            interval: Duration::from_secs(300),
            faults: Arc::new(Faults::to(move |line| lock(&captured).push(line.to_owned()))),
            ..Options::default()
        };
        adjust(&mut options);
        let source = Arc::new(ListSource::default());
        let drain = Drain::start(options, Arc::clone(&source) as Arc<dyn Source>).unwrap();
        Self { source, drain, lines }
    }

    /// Puts spans in and drains them, whatever becomes of them.
    fn round(&self, spans: u64) -> Result<Vec<Delivery>, DrainError> {
        self.source.put(spans);
        self.drain.drain_now(AMPLE)
    }

    fn figures(&self, sink: &str) -> SinkFigures {
        self.drain.figures().into_iter().find(|f| f.sink == sink).unwrap()
    }

    fn lines(&self) -> Vec<String> {
        lock(&self.lines).clone()
    }
}

/// Fails unless every span taken is accounted for.
fn assert_conserved(figures: &SinkFigures, taken: u64) {
    assert_eq!(figures.taken, taken, "{figures:?}");
    assert_eq!(figures.taken, figures.delivered + figures.dropped_total() + figures.queued, "{figures:?}");
}
