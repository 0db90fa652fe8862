//! Bodies of traced functions, run under their spans.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::failure::{Outcome, record};
use super::task::TaskSpan;
use super::timed::PolledSpan;
use super::writer::Held;

/// Runs the body of a function that was made a closure, so that `return` and `?` end the closure, and records what
/// it returns.
///
/// The bound makes it a closure that is called once: what it returns may borrow from what it took.
#[inline(always)]
pub fn call<R>(span: &mut impl Held, outcome: &impl Outcome<R>, body: impl FnOnce() -> R) -> R {
    let returned = body();
    record(span, outcome, &returned);
    returned
}

/// Runs the body of a function that returns a future, inside the span that the future is then polled in.
///
/// The bound is that of [`call`].
#[inline(always)]
pub fn making<F>(span: &mut impl PolledSpan, body: impl FnOnce() -> F) -> F {
    span.making(body)
}

/// The body of a function that was made a future. It enters the span at each poll, records what comes out, and ends
/// the span when it is dropped.
///
/// Macros write it out field by field: a function that made it would move the future once more.
#[derive(Debug)]
#[must_use = "a future does nothing unless it is polled"]
pub struct Traced<F, O, S = TaskSpan> {
    /// What is polled; dropped first, so that its end lies within the span.
    pub future: F,
    /// How the span is told what came out.
    pub outcome: O,
    /// What is entered.
    pub span: S,
}

impl<F: Future, O: Outcome<F::Output>, S: PolledSpan> Future for Traced<F, O, S> {
    type Output = F::Output;

    #[inline]
    #[allow(unsafe_code, reason = "one field is pinned, the others are not")]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: `future` is never moved out of the pinned `Traced`, which has no `Drop`; the others are not pinned.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: as above.
        let future = unsafe { Pin::new_unchecked(&mut this.future) };
        let poll = this.span.poll(future, cx);
        if O::LOOKS
            && let Poll::Ready(returned) = &poll
        {
            record(&mut this.span, &this.outcome, returned);
        }
        poll
    }
}

/// A future inside a span that ends when the future is ready, wherever the wrapper goes. `outcome` records what comes
/// out.
pub fn step<F: IntoFuture, S: PolledSpan>(
    span: S,
    future: F,
    outcome: impl FnOnce(&mut S, &F::Output),
) -> impl Future<Output = F::Output> {
    Step::new(span, future.into_future(), outcome)
}

pub(super) struct Step<F, O, S> {
    future: F,
    /// Gone when the future was ready.
    ending: Option<(S, O)>,
}

impl<F, O, S> Step<F, O, S> {
    pub(super) const fn new(span: S, future: F, outcome: O) -> Self {
        Self { future, ending: Some((span, outcome)) }
    }
}

impl<F: Future, S: PolledSpan, O: FnOnce(&mut S, &F::Output)> Future for Step<F, O, S> {
    type Output = F::Output;

    #[inline]
    #[allow(unsafe_code, reason = "one field is pinned, the other is not")]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: `future` is never moved out of the pinned `Step`, which has no `Drop`; `ending` is not pinned.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: as above.
        let future = unsafe { Pin::new_unchecked(&mut this.future) };
        let Some((span, _)) = &mut this.ending else { return future.poll(cx) };
        let poll = span.poll(future, cx);
        if let Poll::Ready(returned) = &poll
            && let Some((mut span, outcome)) = this.ending.take()
        {
            outcome(&mut span, returned);
        }
        poll
    }
}
