//! Sinks that panic, each in another of their methods and with a payload that panics once more when it is dropped: nobody
//! else notices, in the parent or in the child of a fork, and it is counted.
//!
//! One test in a program of its own: it starts pipelines and forks.
#![cfg(unix)]
#![allow(unsafe_code, reason = "the standard library cannot fork")]

#[path = "support/child.rs"]
mod child;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use child::in_child;
use telemetry_core::metric::snapshot::MetricsSnapshot;
use telemetry_core::record::SpanRecord;
use telemetry_core::sink::{AfterFork, MemorySink, Sink, SinkContext, SinkError};
use telemetry_core::{AlwaysSample, Telemetry, register_sampler, span};

const PATIENCE: Duration = Duration::from_secs(30);
const SPANS: u64 = 20;

#[span]
fn work() {}

/// The methods of a sink, and its end.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Method {
    Name,
    Attach,
    Start,
    ExportSpans,
    ExportMetrics,
    Held,
    Flush,
    Close,
    Drop,
    BeforeFork,
    AfterFork,
}

const METHODS: [Method; 11] = [
    Method::Name,
    Method::Attach,
    Method::Start,
    Method::ExportSpans,
    Method::ExportMetrics,
    Method::Held,
    Method::Flush,
    Method::Close,
    Method::Drop,
    Method::BeforeFork,
    Method::AfterFork,
];

struct Payload;

impl Drop for Payload {
    fn drop(&mut self) {
        panic!("again");
    }
}

/// Panics in one of its methods.
struct Unruly {
    at: Method,
    attached: Arc<AtomicU64>,
}

impl Unruly {
    fn am_in(&self, method: Method) {
        if self.at == method {
            std::panic::panic_any(Payload);
        }
    }
}

impl Sink for Unruly {
    fn name(&self) -> &'static str {
        self.am_in(Method::Name);
        "unruly"
    }

    fn attach(&mut self, _: &SinkContext) {
        self.attached.fetch_add(1, Ordering::Relaxed);
        self.am_in(Method::Attach);
    }

    fn start(&mut self, _: &SinkContext) -> Result<(), SinkError> {
        self.am_in(Method::Start);
        Ok(())
    }

    fn export_spans(&mut self, _: &[SpanRecord]) -> Result<(), SinkError> {
        self.am_in(Method::ExportSpans);
        Ok(())
    }

    fn export_metrics(&mut self, _: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        self.am_in(Method::ExportMetrics);
        Ok(())
    }

    fn held(&self) -> u64 {
        self.am_in(Method::Held);
        0
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.am_in(Method::Flush);
        Ok(())
    }

    fn close(&mut self) -> Result<(), SinkError> {
        self.am_in(Method::Close);
        Ok(())
    }

    fn before_fork(&mut self) {
        self.am_in(Method::BeforeFork);
    }

    fn after_fork(&mut self) -> AfterFork {
        self.am_in(Method::AfterFork);
        AfterFork::Keep
    }
}

impl Drop for Unruly {
    fn drop(&mut self) {
        self.am_in(Method::Drop);
    }
}

#[test]
fn a_panic_in_any_method_is_counted_and_touches_nobody_else() {
    // Threads that samplers run on have nothing to fear either.
    let _sampler = register_sampler("unruly", || std::panic::panic_any(Payload)).unwrap();
    for at in METHODS {
        let (memory, attached) = (MemorySink::new(), Arc::new(AtomicU64::new(0)));
        let unruly = Unruly { at, attached: Arc::clone(&attached) };
        let telemetry = Telemetry::builder()
            .sampler(AlwaysSample)
            .drain_interval(Duration::from_secs(300))
            .sink(unruly)
            .sink(memory.clone())
            .start()
            .unwrap();
        assert_eq!(attached.load(Ordering::Relaxed), 1, "{at:?}");
        (0..SPANS).for_each(|_| work());
        let _ = telemetry.flush(PATIENCE);
        assert_eq!(memory.span_count() as u64, SPANS, "{at:?}");
        in_child(|| {
            work();
            let _ = telemetry.flush(PATIENCE);
            assert_eq!(memory.span_count(), 1, "{at:?}: only what the child has recorded");
            let _ = telemetry.shutdown(PATIENCE);
            let unruly = telemetry.sinks().into_iter().find(|sink| sink.sink != "memory");
            assert_eq!(unruly.is_none(), at == Method::AfterFork, "one that cannot be rebuilt stays silent");
        });
        work();
        let _ = telemetry.shutdown(PATIENCE);
        assert_eq!(memory.span_count() as u64, SPANS + 1, "{at:?}");
        let figures = telemetry.sinks();
        let unruly = &figures[0];
        assert_eq!(unruly.sink, if at == Method::Name { "unnamed" } else { "unruly" });
        let lost = if at == Method::ExportSpans { SPANS + 1 } else { 0 };
        assert_eq!((unruly.taken, unruly.dropped_total()), (SPANS + 1, lost), "{at:?}: {unruly:?}");
        assert_eq!(unruly.delivered, unruly.taken - lost, "{at:?}: {unruly:?}");
        // What a sink holds it is asked for after every call; that it cannot say is no fault of the call.
        assert_eq!(unruly.errors > 0, ![Method::Held, Method::AfterFork].contains(&at), "{at:?}: {unruly:?}");
        assert_eq!(figures[1].errors, 0, "{at:?}");
    }
}
