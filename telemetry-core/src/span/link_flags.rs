//! What a link keeps of the other span in one byte.

use crate::context::SpanContext;
use crate::propagate::kept;

/// The W3C flags in the two lowest bits, the number of the trace's state in the four above, and in the highest whether
/// the span is one of another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LinkFlags(pub(super) u8);

const OF_TRACE: u8 = SpanContext::SAMPLED | SpanContext::RANDOM;
const STATE_SHIFT: u32 = 2;
const REMOTE: u8 = 0x80;

impl LinkFlags {
    /// Those of a link to a span; its state is the one its trace came in with last.
    pub(super) fn to(span: SpanContext) -> Self {
        Self::with(span, kept::latest(span.trace_id.to_u128()))
    }

    fn with(span: SpanContext, state: u32) -> Self {
        let remote = if span.remote { REMOTE } else { 0 };
        Self(span.trace_flags & OF_TRACE | (state as u8) << STATE_SHIFT | remote)
    }

    /// The W3C flags of the other span.
    pub(super) const fn of_trace(self) -> u8 {
        self.0 & OF_TRACE
    }

    /// The number under which the state of its trace is found; zero for none.
    pub(super) const fn state(self) -> u32 {
        (self.0 >> STATE_SHIFT & 0xf) as u32
    }

    /// Whether it is one of another process.
    pub(super) const fn is_remote(self) -> bool {
        self.0 & REMOTE != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{SpanId, TraceId};

    #[test]
    fn all_it_keeps_comes_back() {
        for remote in [false, true] {
            for trace_flags in 0..4 {
                for state in 0..16 {
                    let span =
                        SpanContext { trace_id: TraceId::MAX, span_id: SpanId::MAX, trace_flags, remote };
                    let flags = LinkFlags::with(span, state);
                    assert_eq!(
                        (flags.of_trace(), flags.state(), flags.is_remote()),
                        (trace_flags, state, remote)
                    );
                }
            }
        }
    }
}
