//! A span of another process, as a parent here.

use super::baggage::Baggage;
use super::kept;
use super::tracestate::TraceState;
use crate::context::{Current, Local, SpanContext};

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
        Held::of(self, &Baggage::EMPTY)
    }
}

/// What a request brought, kept: what [`SpanBuilder::remote`](crate::SpanBuilder::remote) and
/// [`Context::of`](crate::Context::of) continue.
#[derive(Debug)]
pub struct Held(Brought);

/// What a request brought, in a few words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Brought {
    sender: Sender,
    /// The number of state and baggage among the flags of the trace.
    number: u32,
}

#[derive(Clone, Copy, Debug)]
enum Sender {
    /// It has named its span.
    Span(SpanContext),
    /// It has named none: what opens here is of this trace.
    Nobody { trace: u128, is_denied: bool },
}

impl Held {
    pub(super) fn of(remote: &Remote, baggage: &Baggage) -> Self {
        let number = kept::hold(remote.span.trace_id.to_u128(), &remote.state, baggage);
        Self(Brought { sender: Sender::Span(remote.span), number })
    }

    /// A sender's span that came with no state and no baggage.
    #[doc(hidden)]
    #[inline]
    pub const fn of_span(span: SpanContext) -> Self {
        Self(Brought { sender: Sender::Span(span), number: 0 })
    }

    pub(super) fn of_nobody(baggage: &Baggage, is_denied: bool) -> Self {
        let trace = Local::with(Local::reserve_trace);
        let number = kept::hold(trace, &TraceState::EMPTY, baggage);
        Self(Brought { sender: Sender::Nobody { trace, is_denied }, number })
    }

    /// The sender's span; none where its headers named none, and brought something else ([`Extracted`](super::Extracted)).
    pub const fn span(&self) -> Option<SpanContext> {
        match self.0.sender {
            Sender::Span(span) => Some(span),
            Sender::Nobody { .. } => None,
        }
    }

    pub(crate) const fn brought(&self) -> Brought {
        self.0
    }
}

impl Brought {
    /// As the current span of a thread that only carries it.
    pub(crate) fn to_current(self) -> Current {
        match self.sender {
            Sender::Span(span) => span.to_current_with(self.number),
            Sender::Nobody { trace, is_denied } => Current::reserved(trace, self.number, is_denied),
        }
    }

    fn trace(&self) -> u128 {
        match self.sender {
            Sender::Span(span) => span.trace_id.to_u128(),
            Sender::Nobody { trace, .. } => trace,
        }
    }
}

impl Drop for Held {
    #[inline]
    fn drop(&mut self) {
        kept::release(self.0.trace(), self.0.number);
    }
}
