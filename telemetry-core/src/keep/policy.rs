//! Which traces are kept, and how much may wait for the decision.

use std::time::Duration;

use crate::record::{SpanRecord, Status};

/// Spans that may wait when nothing else is said.
const MAX_SPANS: usize = 16_384;
/// For how long a trace may be undecided when nothing else is said.
const MAX_AGE: Duration = Duration::from_secs(30);

/// Keeps traces for how they ended, of those that the sampler does not want: failed ones, slow ones, or both.
///
/// While it is in force the ring records every trace that the pipeline's sampler drops too, so that each costs what a
/// sampled one costs, and the ring must have room for all of them. The drain holds their spans back until the local root
/// has ended, the first span of the trace in this process, and then keeps or drops all that is under it. What the sampler
/// wants goes to the sinks at once, as ever. What a call site's own `sample`, or a hook, drops is not recorded, slow or
/// not.
///
/// A local root that finds the ring full is counted as dropped, and nothing of its trace is recorded.
///
/// Other processes are told the sampler's decision, so those that are called do not record because this one watches: the
/// sampled flag in `traceparent` is off, in log lines it is `00`, and such a trace is no exemplar. Records of kept spans
/// have the flag off too, which tells them from sampled ones.
///
/// Bounded: at most [`max_spans`](Self::max_spans) spans wait, of about 1 KiB each, and no trace longer than
/// [`max_age`](Self::max_age). Beyond that the trace that has waited longest is decided by what is known of it: kept if one
/// of its spans has failed, or if it has certainly lasted longer than [`slower_than`](Self::slower_than); else its spans
/// are dropped, and its later ones are judged anew. For spans that end after their local root, the latest decisions are
/// remembered: 16,384 to 32,768 traces of each kind and 65,536 to 131,072 dropped spans, in less than 5 MiB. All is counted: see
/// [`Accounting`](crate::Accounting), and the metrics `telemetry_traces_kept_total`, `telemetry_spans_not_kept_total`,
/// `telemetry_spans_undecided` and `telemetry_traces_decided_early_total`.
///
/// [`drain_now`](crate::Telemetry::drain_now) and `flush` deliver the traces whose local root has ended, and leave others
/// undecided; a shutdown decides them all by what is known. The child of a fork begins with none.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use telemetry_core::testing::Scope;
/// use telemetry_core::{KeepTraces, NeverSample, trace};
///
/// #[trace(name = "checkout")]
/// fn checkout(pays: bool) -> Result<(), &'static str> {
///     charge(pays)
/// }
///
/// #[trace(name = "charge")]
/// fn charge(pays: bool) -> Result<(), &'static str> {
///     if pays { Ok(()) } else { Err("declined") }
/// }
///
/// let keep = KeepTraces::failed_or_slower_than(Duration::from_millis(500));
/// let scope = Scope::builder().sampler(NeverSample).keep(keep).enter()?;
/// let _ = (checkout(true), checkout(false));
/// assert_eq!(scope.spans().len(), 2);
/// assert_eq!(scope.accounting().not_kept, 2);
/// # Ok::<(), telemetry_core::RingError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepTraces {
    failed: bool,
    slower_than: Option<Duration>,
    max_spans: usize,
    max_age: Duration,
}

/// Why a trace is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Failed,
    Slow,
}

impl KeepTraces {
    /// Keeps traces in which a span has failed: whose status is [`Status::Error`](crate::Status::Error).
    pub const fn failed() -> Self {
        Self { failed: true, slower_than: None, max_spans: MAX_SPANS, max_age: MAX_AGE }
    }

    /// Keeps traces whose local root lasted at least so long.
    pub const fn slower_than(least: Duration) -> Self {
        Self { failed: false, slower_than: Some(least), ..Self::failed() }
    }

    /// Keeps traces in which a span has failed, and those whose local root lasted at least so long.
    pub const fn failed_or_slower_than(least: Duration) -> Self {
        Self { slower_than: Some(least), ..Self::failed() }
    }

    /// The most spans that wait for a decision, at least 1; default 16,384. There are never more traces than spans.
    #[must_use]
    pub const fn max_spans(mut self, spans: usize) -> Self {
        self.max_spans = if spans == 0 { 1 } else { spans };
        self
    }

    /// The longest that a trace waits from the first of its spans that ended; default 30 s. It is looked at when the ring
    /// is drained. One that is shorter than the time from which on traces are slow counts as that time.
    #[must_use]
    pub const fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// How many spans may wait.
    pub(super) const fn spans(&self) -> usize {
        self.max_spans
    }

    /// After how many nanoseconds a trace that waits is decided.
    pub(super) fn age_nanos(&self) -> u64 {
        nanos(self.max_age.max(self.slower_than.unwrap_or_default()))
    }

    /// Whether a span is by itself a reason to keep its trace.
    pub(super) fn is_failure(&self, span: &SpanRecord) -> bool {
        self.failed && span.status == Status::Error
    }

    /// Whether a trace whose local root lasts so long is kept.
    pub(super) fn is_slow(&self, duration_nanos: u64) -> bool {
        self.slower_than.is_some_and(|least| duration_nanos >= nanos(least))
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
