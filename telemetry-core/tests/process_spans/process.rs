//! The pipeline of the process, and what the parts do with it.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use telemetry_core::record::SpanRecord;
use telemetry_core::sink::MemorySink;
use telemetry_core::testing::assertions::Recorded;
use telemetry_core::{Span, SpanId, Telemetry, span};

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// For a thousand unoptimised frames.
const STACK_BYTES: usize = 32 << 20;

/// The process's pipeline and what came out of it.
pub(crate) struct Process {
    pub(crate) telemetry: Telemetry,
    pub(crate) memory: MemorySink,
}

impl Recorded for Process {
    fn spans(&self) -> Vec<SpanRecord> {
        self.telemetry.drain_now(PATIENCE).unwrap();
        self.memory.spans()
    }

    fn latest_metrics(&self) -> Option<Arc<telemetry_core::metric::snapshot::MetricsSnapshot>> {
        self.memory.latest_metrics()
    }
}

impl Process {
    /// Runs a part on a thread of its own, and gives back the spans that ended meanwhile.
    pub(crate) fn part(&self, part: impl FnOnce() + Send) -> Vec<SpanRecord> {
        self.spans();
        self.memory.clear();
        let checked = || {
            part();
            assert_eq!(current(), None, "nothing is left behind");
        };
        thread::scope(|threads| {
            let thread = thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(threads, checked);
            thread.unwrap().join().unwrap();
        });
        let spans = self.spans();
        let accounting = self.telemetry.accounting();
        assert_eq!(accounting.started, accounting.taken + accounting.in_flight + accounting.dropped());
        spans
    }
}

pub(crate) fn current() -> Option<SpanId> {
    Span::current().context().map(|context| context.span_id)
}

pub(crate) fn named<'a>(spans: &'a [SpanRecord], name: &str) -> &'a SpanRecord {
    let mut found = spans.iter().filter(|span| span.name == name);
    let first = found.next().unwrap_or_else(|| panic!("no span {name}: {spans:?}"));
    assert!(found.next().is_none(), "more than one {name}");
    first
}

pub(crate) fn poll(task: &mut (impl Future + Unpin)) -> bool {
    Pin::new(task).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

pub(crate) async fn yield_once() {
    let mut yielded = false;
    poll_fn(|_| if std::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

#[span]
pub(crate) fn child() {}
