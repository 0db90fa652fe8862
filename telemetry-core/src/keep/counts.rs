//! What became of watched traces, in numbers.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::policy::Reason;
use crate::metric::own;
use crate::metric::snapshot::{MetricFamily, MetricValue};

/// Why a trace was decided before its local root had ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Early {
    /// Too many spans were waiting.
    Full,
    /// It had waited too long.
    Age,
    /// The pipeline was shut down.
    Shutdown,
}

/// Written under the drain's lock, read by whoever asks.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    failed: AtomicU64,
    slow: AtomicU64,
    full: AtomicU64,
    age: AtomicU64,
    shutdown: AtomicU64,
    /// Spans that wait for a decision.
    undecided: AtomicU64,
}

impl Counts {
    pub(crate) const fn new() -> Self {
        Self {
            failed: AtomicU64::new(0),
            slow: AtomicU64::new(0),
            full: AtomicU64::new(0),
            age: AtomicU64::new(0),
            shutdown: AtomicU64::new(0),
            undecided: AtomicU64::new(0),
        }
    }

    pub(super) fn kept(&self, reason: Reason) {
        let count = match reason {
            Reason::Failed => &self.failed,
            Reason::Slow => &self.slow,
        };
        count.fetch_add(1, Relaxed);
    }

    pub(super) fn early(&self, why: Early) {
        let count = match why {
            Early::Full => &self.full,
            Early::Age => &self.age,
            Early::Shutdown => &self.shutdown,
        };
        count.fetch_add(1, Relaxed);
    }

    pub(super) fn set_undecided(&self, spans: usize) {
        self.undecided.store(spans as u64, Relaxed);
    }

    /// Spans that wait for a decision.
    pub(crate) fn undecided(&self) -> u64 {
        self.undecided.load(Relaxed)
    }

    /// Begins anew in the child of a fork. Only words are written.
    pub(crate) fn begin_anew(&self) {
        let all = [&self.failed, &self.slow, &self.full, &self.age, &self.shutdown, &self.undecided];
        for count in all {
            count.store(0, Relaxed);
        }
    }

    /// The counts as metrics.
    pub(crate) fn families(&self, not_kept: u64) -> [MetricFamily; 4] {
        let counter = |count: &AtomicU64| MetricValue::Counter(count.load(Relaxed));
        let kept = [("failed", &self.failed), ("slow", &self.slow)];
        let early = [("age", &self.age), ("full", &self.full), ("shutdown", &self.shutdown)];
        [
            own::SPANS_NOT_KEPT.only(MetricValue::Counter(not_kept)),
            own::SPANS_UNDECIDED.only(MetricValue::Gauge(self.undecided() as f64)),
            own::TRACES_DECIDED_EARLY.family(
                early
                    .map(|(why, count)| own::TRACES_DECIDED_EARLY.series([why.into()], counter(count)))
                    .into(),
            ),
            own::TRACES_KEPT.family(
                kept.map(|(why, count)| own::TRACES_KEPT.series([why.into()], counter(count))).into(),
            ),
        ]
    }
}
