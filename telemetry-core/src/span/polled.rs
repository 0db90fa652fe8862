//! A future that is polled under its span, as macros write it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::task::TaskSpan;

/// Enters the span at each poll of the future. The span lives where this is awaited: a panic that unwinds through a poll
/// drops it at once, and that leaves it, so that the poll needs no guard of its own.
///
/// Macros write it out field by field: a function that made it would move the future once more.
#[derive(Debug)]
#[must_use = "a future does nothing unless it is polled"]
pub struct Polled<'a, F> {
    /// What is entered.
    pub span: &'a mut TaskSpan,
    /// What is polled.
    pub future: F,
}

impl<F: Future> Future for Polled<'_, F> {
    type Output = F::Output;

    #[inline(always)]
    #[allow(unsafe_code, reason = "one field is pinned, the other is not")]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: `future` is never moved out of the pinned `Polled`, which has no `Drop`; `span` is not pinned.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: as above.
        let future = unsafe { Pin::new_unchecked(&mut this.future) };
        this.span.poll_unguarded(future, cx)
    }
}
