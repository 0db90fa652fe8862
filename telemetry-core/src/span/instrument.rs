//! The explicit wrapper of a future.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::builder::SpanBuilder;
use super::task::TaskSpan;
use super::timed::{PolledSpan, TimedSpan};
use crate::context::{self, InContext};

/// Puts a future inside a span.
pub trait Instrument: Sized {
    /// A future that enters the span at each poll. The span's parent is what is current here, where the wrapper is
    /// made, and it ends when the future is ready or dropped: cancelled if it was polled, never polled if not.
    fn instrument(self, span: SpanBuilder<'_>) -> Instrumented<Self> {
        span.instrument(self)
    }

    /// A future that runs under what is current here, without a span of its own: for `tokio::spawn`, join sets and
    /// every other place that polls it elsewhere, as in `tasks.spawn(load(book).in_current_context())`.
    fn in_current_context(self) -> InContext<Self>
    where
        Self: Future,
    {
        context::Context::current().wrap_future(self)
    }
}

impl<F: Future> Instrument for F {}

/// A future or a stream inside a span: made by [`Instrument::instrument`] or
/// [`InstrumentStream::instrument_stream`](crate::InstrumentStream::instrument_stream).
#[must_use = "a future does nothing unless it is polled"]
pub struct Instrumented<F, S = TaskSpan> {
    future: F,
    /// Nothing once the future was ready: the span ends then, and not when the wrapper is dropped.
    span: S,
}

impl<F> Instrumented<F> {
    pub(super) const fn new(future: F, span: TaskSpan) -> Self {
        Self { future, span }
    }

    /// Records how often the future is polled, and how long it is busy and idle: see [`TimedSpan`].
    pub fn timed(self) -> Instrumented<F, TimedSpan> {
        Instrumented { future: self.future, span: TimedSpan::new(self.span) }
    }
}

impl<F, S> Instrumented<F, S> {
    /// What is polled, and inside what.
    #[inline(always)]
    #[allow(unsafe_code, reason = "one field is pinned, the other is not")]
    pub(super) fn parts(self: Pin<&mut Self>) -> (Pin<&mut F>, &mut S) {
        // SAFETY: `future` is never moved out of the pinned wrapper, which has no `Drop`; `span` is not pinned.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: as above.
        (unsafe { Pin::new_unchecked(&mut this.future) }, &mut this.span)
    }

    /// What is polled.
    pub(super) const fn inner(&self) -> &F {
        &self.future
    }
}

impl<F: Future, S: PolledSpan> Future for Instrumented<F, S> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let (future, span) = self.parts();
        let poll = span.poll(future, cx);
        if poll.is_ready() {
            span.end();
        }
        poll
    }
}
