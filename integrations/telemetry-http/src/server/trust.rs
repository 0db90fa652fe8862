//! How far callers are trusted: what becomes of the trace they name, and how much they can have recorded.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use telemetry_core::SpanContext;

/// What becomes of a `traceparent` that a request brings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Inbound {
    /// The request's span continues that trace.
    #[default]
    Continue,
    /// The request's span begins a trace of its own, and refers to the caller's by a link.
    Link,
    /// The request's span begins a trace of its own.
    Ignore,
}

/// How many traces a second callers can have recorded by saying that they record them themselves.
#[derive(Debug)]
pub(crate) struct Cap {
    traces_per_second: u32,
    began: Instant,
    /// The second in the upper half, the traces in it in the lower.
    window: AtomicU64,
}

impl Cap {
    pub(crate) fn new(traces_per_second: u32) -> Self {
        Self { traces_per_second, began: Instant::now(), window: AtomicU64::new(0) }
    }

    /// The caller's span; without its sampled flag when callers have had their share.
    pub(crate) fn hold_back(&self, caller: SpanContext) -> SpanContext {
        if !caller.is_sampled() || self.admits(self.began.elapsed().as_secs()) {
            return caller;
        }
        SpanContext { trace_flags: caller.trace_flags & !SpanContext::SAMPLED, ..caller }
    }

    fn admits(&self, second: u64) -> bool {
        let most = u64::from(self.traces_per_second);
        let next = |window: u64| {
            let count = if window >> 32 == second { window & u64::from(u32::MAX) } else { 0 };
            (count < most).then_some(second << 32 | (count + 1))
        };
        self.window.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_second_admits_so_many() {
        let cap = Cap::new(2);
        assert_eq!(
            [0, 0, 0, 1, 1, 1].map(|second| cap.admits(second)),
            [true, true, false, true, true, false]
        );
        assert!(!Cap::new(0).admits(7));
    }
}
