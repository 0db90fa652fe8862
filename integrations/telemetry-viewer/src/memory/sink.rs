//! The sink, and the source that reads what it holds.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value as Json;
use telemetry_core::TraceId;
use telemetry_core::metric::snapshot::MetricsSnapshot;
use telemetry_core::record::{SpanRecord, Value};
use telemetry_core::sink::{Sink, SinkContext, SinkError};

use super::history::{History, families};
use super::store::Store;
use crate::search::Search;
use crate::source::{About, Family, MAX_TRACE_SPANS, Position, Source, SourceError};
use crate::span::{Span, Trace};

/// How much a [`ViewerSink`] remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The most spans; past it the trace that was quiet for longest goes whole. A span takes about half a kilobyte.
    pub spans: usize,
    /// The most readings of the instruments, about a second apart at the least.
    pub readings: usize,
    /// The most values in all readings together; a histogram's buckets are one value.
    pub values: usize,
}

impl Limits {
    /// 30,000 spans, and readings of ten minutes with up to 200,000 values.
    pub const DEFAULT: Self = Self { spans: 30_000, readings: 600, values: 200_000 };
}

/// Keeps recent traces and metrics for a [`Viewer`](crate::Viewer); a handle that can be cloned.
///
/// Memory is bounded by [`Limits`]; what had to make room is counted and shown. It is a sink like any other: a page that
/// is being read never holds up the service.
///
/// # Examples
/// ```
/// use telemetry_core::{Telemetry, span};
/// use telemetry_viewer::{Viewer, ViewerSink};
///
/// #[span]
/// fn work() {}
///
/// let sink = ViewerSink::new();
/// let telemetry = Telemetry::builder().service_name("books").sink(sink.clone()).start()?;
/// work();
/// telemetry.drain_now(std::time::Duration::from_secs(5))?;
/// assert_eq!(sink.span_count(), 1);
/// let app: axum::Router = axum::Router::new().nest_service("/telemetry", Viewer::of(&sink).router());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ViewerSink {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    kept: Mutex<Kept>,
    revision: AtomicU64,
    closed: AtomicBool,
}

#[derive(Debug)]
struct Kept {
    service: Arc<str>,
    store: Store,
    history: History,
}

impl ViewerSink {
    /// A sink with the default limits.
    pub fn new() -> Self {
        Self::with_limits(Limits::DEFAULT)
    }

    /// A sink with limits of its own; zero spans keep none.
    pub fn with_limits(limits: Limits) -> Self {
        let kept = Kept {
            service: "unknown_service".into(),
            store: Store::new(limits.spans),
            history: History::new(limits.readings, limits.values),
        };
        let shared =
            Shared { kept: Mutex::new(kept), revision: AtomicU64::new(0), closed: AtomicBool::new(false) };
        Self { shared: Arc::new(shared) }
    }

    /// How many spans are kept.
    pub fn span_count(&self) -> usize {
        self.lock().store.span_count()
    }

    /// How many spans had to make room for later ones.
    pub fn evicted(&self) -> u64 {
        self.lock().store.evicted()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.shared.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.shared.revision.fetch_add(1, Ordering::Relaxed);
    }
}

impl Default for ViewerSink {
    fn default() -> Self {
        Self::new()
    }
}

impl Sink for ViewerSink {
    fn name(&self) -> &'static str {
        "viewer"
    }

    fn attach(&mut self, context: &SinkContext) {
        if let Some(Value::Str(service)) = context.resource.get("service.name") {
            self.lock().service = service.as_ref().into();
        }
        self.shared.closed.store(false, Ordering::Relaxed);
    }

    fn export_spans(&mut self, spans: &[SpanRecord]) -> Result<(), SinkError> {
        let mut kept = self.lock();
        for record in spans {
            let span = Span::of_record(record, Arc::clone(&kept.service));
            kept.store.add(record.trace_id, span);
        }
        drop(kept);
        self.changed();
        Ok(())
    }

    fn export_metrics(&mut self, metrics: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        self.lock().history.add(Arc::clone(metrics));
        self.changed();
        Ok(())
    }

    fn close(&mut self) -> Result<(), SinkError> {
        self.shared.closed.store(true, Ordering::Relaxed);
        Ok(())
    }
}

impl Source for ViewerSink {
    fn visit_traces(
        &self,
        before: Option<Position>,
        _: &Search,
        visit: &mut dyn FnMut(Position, Option<&Trace>) -> ControlFlow<()>,
    ) -> Result<(), SourceError> {
        let traces = self.lock().store.traces();
        let mut placed: Vec<(Position, Arc<Trace>)> = traces
            .into_iter()
            .map(|trace| {
                let tie = trace.id.to_u128() as u64;
                (Position { start_unix_nanos: trace.latest_start(), tie }, trace)
            })
            .filter(|(position, _)| before.is_none_or(|before| *position < before))
            .collect();
        placed.sort_unstable_by_key(|(position, _)| std::cmp::Reverse(*position));
        for (position, trace) in &placed {
            if visit(*position, Some(trace)).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn trace(&self, id: TraceId) -> Result<Option<Trace>, SourceError> {
        let Some(trace) = self.lock().store.trace(id) else { return Ok(None) };
        let mut trace = Arc::unwrap_or_clone(trace);
        trace.left_out += trace.spans.len().saturating_sub(MAX_TRACE_SPANS) as u64;
        trace.spans.truncate(MAX_TRACE_SPANS);
        Ok(Some(trace))
    }

    fn metrics(&self, seconds: u64) -> Result<Vec<Family>, SourceError> {
        let readings = self.lock().history.since(seconds);
        Ok(families(&readings))
    }

    fn about(&self) -> Result<About, SourceError> {
        let kept = self.lock();
        Ok(About {
            source: "memory",
            file: None,
            services: vec![kept.service.to_string()],
            spans: kept.store.span_count() as u64,
            traces: Some(kept.store.trace_count() as u64),
            max_spans: Some(kept.store.max_spans() as u64),
            evicted_spans: Some(kept.store.evicted()),
        })
    }

    fn pipeline(&self) -> Option<Json> {
        let report: Json = serde_json::from_str(&telemetry_core::health().to_json()).ok()?;
        // Without a drain no pipeline runs, and the figures are all there is.
        (!report["drain"].is_null()).then_some(report)
    }

    fn revision(&self) -> Result<u64, SourceError> {
        Ok(self.shared.revision.load(Ordering::Relaxed))
    }

    fn is_closed(&self) -> bool {
        self.shared.closed.load(Ordering::Relaxed)
    }
}
