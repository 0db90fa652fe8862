//! What a sink's own libraries open is not recorded: with the pipeline of the process, so in a process of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use telemetry_core::metric::snapshot::MetricsSnapshot;
use telemetry_core::record::SpanRecord;
use telemetry_core::sink::{MemorySink, Sink, SinkError};
use telemetry_core::{AlwaysSample, Telemetry, span};
use telemetry_tracing::SpanLayer;
use tracing::info_span;
use tracing_subscriber::layer::SubscriberExt;

/// How often [`Exporter`] has exported.
static EXPORTS: AtomicUsize = AtomicUsize::new(0);

/// A sink whose libraries use `tracing`, also on a thread of their own.
struct Exporter;

impl Sink for Exporter {
    fn name(&self) -> &'static str {
        "exporter"
    }

    fn export_spans(&mut self, spans: &[SpanRecord]) -> Result<(), SinkError> {
        let request = info_span!("export", spans = spans.len());
        request.in_scope(|| tracing::error!("connection refused"));
        info_span!(parent: None, "connect").in_scope(|| ());
        let there = request.clone();
        let thread = std::thread::spawn(move || {
            there.in_scope(|| info_span!("on another thread").in_scope(|| ()));
            info_span!(parent: &there, "child on another thread");
        });
        thread.join().unwrap();
        EXPORTS.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn export_metrics(&mut self, _: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        info_span!("metrics").in_scope(|| Ok(()))
    }
}

#[span]
fn work() {
    info_span!("query").in_scope(|| ());
}

#[test]
fn an_exporter_never_traces_itself() {
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(SpanLayer::new())).unwrap();
    let memory = MemorySink::new();
    let telemetry =
        Telemetry::builder().sampler(AlwaysSample).sink(Exporter).sink(memory.clone()).start().unwrap();
    for round in 1..=3 {
        work();
        telemetry.drain_now(Duration::from_secs(10)).unwrap();
        assert_eq!(EXPORTS.load(Ordering::Relaxed), round);
    }
    telemetry.drain_now(Duration::from_secs(10)).unwrap();
    let mut names: Vec<_> = memory.spans().into_iter().map(|span| span.name).collect();
    names.sort();
    assert_eq!(names, ["query", "query", "query", "work", "work", "work"]);
}
