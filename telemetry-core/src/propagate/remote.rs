//! A span of another process, as a parent here.

use super::kept;
use super::tracestate::TraceState;
use crate::context::SpanContext;

/// What the headers of a request say: the span of its sender, and the state of the trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// The sender's span.
    pub span: SpanContext,
    /// What the systems before have noted about the trace.
    pub state: TraceState,
}

impl Remote {
    /// Keeps the state at hand for the spans of a request: those that go out find it by their trace.
    ///
    /// Hold it until the request has ended; the state stays for a while longer, for what outlives its request. At most
    /// 4,096 bytes are kept of a state, 16 MiB of all, and eight states of one trace: what is beyond is dropped and
    /// [counted](super::dropped_states).
    #[must_use = "the state is let go of as soon as this is dropped"]
    pub fn hold(&self) -> Held {
        Held { span: self.span, number: kept::hold(self.span.trace_id.to_u128(), &self.state) }
    }
}

/// A remote parent whose state is kept: what [`SpanBuilder::remote`](crate::SpanBuilder::remote) and
/// [`Context::of`](crate::Context::of) continue.
#[derive(Debug)]
pub struct Held {
    span: SpanContext,
    number: u32,
}

impl Held {
    /// The sender's span.
    pub const fn span(&self) -> SpanContext {
        self.span
    }

    /// The number of the state among the flags of the trace.
    pub(crate) const fn number(&self) -> u32 {
        self.number
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        kept::release(self.span.trace_id.to_u128(), self.number);
    }
}
