//! The sink that keeps what it receives, for tests and for looking at a running service.

use std::collections::VecDeque;
use std::sync::{Arc, MutexGuard};

use crate::forking::Anew;
use crate::metric::snapshot::MetricsSnapshot;
use crate::record::SpanRecord;

use super::{Sink, SinkError};

/// Keeps the last spans and metric snapshots in memory; a handle that can be cloned and read at any time.
///
/// At most 10,000 spans and 64 snapshots by default. Past that the oldest goes first; spans lost that way are
/// counted by [`dropped`](Self::dropped). In the child of a fork it begins empty, whoever was reading it in the parent.
///
/// # Examples
/// ```
/// use telemetry_core::sink::{MemorySink, Sink};
///
/// let memory = MemorySink::with_capacity(100, 2);
/// let mut sink = memory.clone();
/// sink.export_spans(&[])?;
/// assert!(memory.spans().is_empty());
/// assert!(memory.latest_metrics().is_none());
/// # Ok::<(), telemetry_core::sink::SinkError>(())
/// ```
#[derive(Clone, Debug)]
pub struct MemorySink {
    kept: Arc<Anew<Kept>>,
    max_spans: usize,
    max_scrapes: usize,
}

#[derive(Debug, Default)]
struct Kept {
    spans: VecDeque<SpanRecord>,
    scrapes: VecDeque<Arc<MetricsSnapshot>>,
    dropped: u64,
}

impl MemorySink {
    /// The most spans kept unless told otherwise.
    pub const DEFAULT_SPANS: usize = 10_000;
    /// The most metric snapshots kept unless told otherwise.
    pub const DEFAULT_SCRAPES: usize = 64;

    /// A sink with the default bounds.
    pub fn new() -> Self {
        Self::with_capacity(Self::DEFAULT_SPANS, Self::DEFAULT_SCRAPES)
    }

    /// A sink that keeps at most so many spans and metric snapshots; zero keeps none.
    pub fn with_capacity(max_spans: usize, max_scrapes: usize) -> Self {
        Self { kept: Arc::default(), max_spans, max_scrapes }
    }

    /// The spans kept, in the order they came.
    pub fn spans(&self) -> Vec<SpanRecord> {
        self.lock().spans.iter().cloned().collect()
    }

    /// How many spans are kept.
    pub fn span_count(&self) -> usize {
        self.lock().spans.len()
    }

    /// The metric snapshots kept, oldest first.
    pub fn scrapes(&self) -> Vec<Arc<MetricsSnapshot>> {
        self.lock().scrapes.iter().cloned().collect()
    }

    /// The latest metric snapshot.
    pub fn latest_metrics(&self) -> Option<Arc<MetricsSnapshot>> {
        self.lock().scrapes.back().cloned()
    }

    /// How many spans gave way to later ones since the start or the last [`clear`](Self::clear).
    pub fn dropped(&self) -> u64 {
        self.lock().dropped
    }

    /// Forgets everything, the count of dropped spans too.
    pub fn clear(&self) {
        let kept = std::mem::take(&mut *self.lock());
        drop(kept);
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock()
    }
}

impl Default for MemorySink {
    fn default() -> Self {
        Self::new()
    }
}

impl Sink for MemorySink {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn export_spans(&mut self, spans: &[SpanRecord]) -> Result<(), SinkError> {
        let kept = &mut *self.lock();
        // Of a batch larger than the whole sink only the end would stay: the rest is not even cloned.
        let skipped = spans.len().saturating_sub(self.max_spans);
        let arriving = &spans[skipped..];
        let leaving = (kept.spans.len() + arriving.len()).saturating_sub(self.max_spans);
        kept.spans.drain(..leaving);
        kept.spans.extend(arriving.iter().cloned());
        kept.dropped += (skipped + leaving) as u64;
        Ok(())
    }

    fn export_metrics(&mut self, metrics: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        let kept = &mut *self.lock();
        kept.scrapes.push_back(Arc::clone(metrics));
        let leaving = kept.scrapes.len().saturating_sub(self.max_scrapes);
        kept.scrapes.drain(..leaving);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::fixtures::span;

    fn batch(numbers: std::ops::RangeInclusive<u64>) -> Vec<SpanRecord> {
        numbers.map(|i| span(1, i, 0, "work", i, 1)).collect()
    }

    fn numbers(memory: &MemorySink) -> Vec<u64> {
        memory.spans().iter().map(|s| s.span_id.to_u64()).collect()
    }

    #[test]
    fn the_oldest_spans_give_way_and_are_counted() {
        let memory = MemorySink::with_capacity(5, 1);
        memory.clone().export_spans(&batch(1..=3)).unwrap();
        assert_eq!((numbers(&memory), memory.dropped()), (vec![1, 2, 3], 0));
        memory.clone().export_spans(&batch(4..=7)).unwrap();
        assert_eq!((numbers(&memory), memory.dropped()), (vec![3, 4, 5, 6, 7], 2));
        memory.clone().export_spans(&batch(8..=20)).unwrap();
        assert_eq!((numbers(&memory), memory.dropped()), (vec![16, 17, 18, 19, 20], 15));
    }

    #[test]
    fn the_default_bounds_hold() {
        let memory = MemorySink::new();
        let snapshot = Arc::new(MetricsSnapshot::default());
        for i in 0..11 {
            memory.clone().export_spans(&batch(i * 1000 + 1..=i * 1000 + 1000)).unwrap();
        }
        for _ in 0..70 {
            memory.clone().export_metrics(&snapshot).unwrap();
        }
        assert_eq!((memory.span_count(), memory.dropped(), memory.scrapes().len()), (10_000, 1000, 64));
    }

    #[test]
    fn the_latest_snapshot_is_the_last_one_that_came() {
        let memory = MemorySink::with_capacity(1, 2);
        for time_unix_nanos in 1..=3 {
            let snapshot = MetricsSnapshot { time_unix_nanos, ..MetricsSnapshot::default() };
            memory.clone().export_metrics(&Arc::new(snapshot)).unwrap();
        }
        let times: Vec<_> = memory.scrapes().iter().map(|s| s.time_unix_nanos).collect();
        assert_eq!(times, [2, 3]);
        assert_eq!(memory.latest_metrics().unwrap().time_unix_nanos, 3);
    }

    #[test]
    fn clear_forgets_everything_in_every_handle() {
        let memory = MemorySink::with_capacity(1, 1);
        memory.clone().export_spans(&batch(1..=3)).unwrap();
        memory.clone().export_metrics(&Arc::default()).unwrap();
        let handle = memory.clone();
        memory.clear();
        assert_eq!((handle.span_count(), handle.dropped(), handle.scrapes().len()), (0, 0, 0));
    }
}
