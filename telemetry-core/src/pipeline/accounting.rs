//! Where every span went.

use std::sync::atomic::Ordering;

use super::Pipeline;

impl Pipeline {
    /// The accounting of spans; exact once new ones are refused.
    pub(crate) fn accounting(&self) -> Accounting {
        // Acquire: pairs with the Release in `drain_spans`. What was taken is read first, so it is among the opened.
        let taken = self.taken.load(Ordering::Acquire);
        let not_kept = self.not_kept.load(Ordering::Acquire);
        let counts = self.ring.allocated().map(crate::ring::Ring::counts).unwrap_or_default();
        let (not_operational, forked) = (self.ring.not_operational(), self.ring.forked());
        Accounting {
            started: counts.started() + not_operational + forked,
            taken,
            in_flight: counts.opened.saturating_sub(taken + not_kept),
            undecided: self.keep_counts.undecided(),
            not_kept,
            dropped_full: counts.dropped_full,
            dropped_not_operational: not_operational,
            dropped_after_shutdown: counts.dropped_shutdown,
            dropped_after_fork: forked,
            late_writes: self.late.load(Ordering::Relaxed),
        }
    }
}

/// Where every span went: `started = taken + in_flight + dropped + not_kept`, dropped being the sum of each reason, exact
/// once new spans are refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Accounting {
    /// Recorded spans that were begun: sampled ones, and those of traces that may be [kept](crate::KeepTraces) for how
    /// they end.
    pub started: u64,
    /// Spans the drain has taken out of the ring and handed on to the sinks.
    pub taken: u64,
    /// Spans that are open, closed and not yet drained, or undecided. After the shutdown these are the ones that were still open then;
    /// those that close later are delivered by the next pipeline of this process, if there is one.
    pub in_flight: u64,
    /// Of those in flight, spans that wait in the drain's hands until it is known whether their trace is
    /// [kept](crate::KeepTraces), as of the last drain.
    pub undecided: u64,
    /// Spans of traces that the sampler did not want and that were neither slow nor failed. Not a loss: see
    /// [`KeepTraces`](crate::KeepTraces).
    pub not_kept: u64,
    /// Spans dropped because every slot was taken.
    pub dropped_full: u64,
    /// Spans dropped because there was no ring.
    pub dropped_not_operational: u64,
    /// Spans dropped because the pipeline had been shut down.
    pub dropped_after_shutdown: u64,
    /// Spans dropped in the child of a fork where telemetry could not go on.
    pub dropped_after_fork: u64,
    /// Writes to a span that had ended or was not entered on the writing thread.
    pub late_writes: u64,
}

impl Accounting {
    /// What has come since `earlier`.
    pub(crate) const fn since(&self, earlier: &Self) -> Self {
        Self {
            started: self.started - earlier.started,
            taken: self.taken - earlier.taken,
            in_flight: self.in_flight,
            undecided: self.undecided,
            not_kept: self.not_kept - earlier.not_kept,
            dropped_full: self.dropped_full - earlier.dropped_full,
            dropped_not_operational: self.dropped_not_operational - earlier.dropped_not_operational,
            dropped_after_shutdown: self.dropped_after_shutdown - earlier.dropped_after_shutdown,
            dropped_after_fork: self.dropped_after_fork - earlier.dropped_after_fork,
            late_writes: self.late_writes - earlier.late_writes,
        }
    }

    /// Spans dropped for each reason there is, as `telemetry_spans_dropped_total` names it: `full`, `not_operational`,
    /// `after_shutdown`, `after_fork`. What is not kept is not among them.
    pub fn dropped_by_reason(&self) -> impl Iterator<Item = (&'static str, u64)> {
        [
            ("full", self.dropped_full),
            ("not_operational", self.dropped_not_operational),
            ("after_shutdown", self.dropped_after_shutdown),
            ("after_fork", self.dropped_after_fork),
        ]
        .into_iter()
    }

    /// Spans dropped for any reason.
    pub const fn dropped(&self) -> u64 {
        self.dropped_full
            + self.dropped_not_operational
            + self.dropped_after_shutdown
            + self.dropped_after_fork
    }
}
