//! The baggage that is current, and how another becomes so.

use std::future::Future;
use std::pin::Pin;
use std::task::Poll;

use super::Baggage;
use crate::context::{Context, Current, Local, flag};
use crate::propagate::kept;
use crate::span::Span;

/// What the current trace has under the number among its flags.
pub(super) fn current() -> Baggage {
    Span::current().baggage()
}

impl Baggage {
    /// Runs work with this baggage in the place of what is current.
    ///
    /// Of one trace, eight different baggages (or states that callers sent) are kept at a time, and 16 MiB of all: where
    /// there is no room, the work runs with none, and the members are [counted](super::dropped_baggage). Where no span is
    /// current, those opened inside are all of one trace. On a thread where spans are suppressed nothing changes.
    pub fn run<R>(&self, work: impl FnOnce() -> R) -> R {
        let scope = Scope::new(self);
        scope.place.run(work)
    }

    /// A future that runs with this baggage, wherever it is polled: under the span that is current there if it is of the
    /// same trace, else under the context of this moment. What holds for [`Baggage::run`] holds here.
    pub fn wrap_future<F: Future>(&self, future: F) -> InBaggage<F> {
        InBaggage { future, scope: Scope::new(self) }
    }
}

/// A baggage kept for the trace that was current when this was made.
#[derive(Debug)]
struct Scope {
    place: Place,
}

/// Where a baggage is found.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// The context that was current, with the number of the baggage.
    context: Context,
    /// Zero where nothing is to change.
    trace: u128,
    number: u32,
}

impl Scope {
    fn new(baggage: &Baggage) -> Self {
        let (here, trace) = Local::with(|local| {
            let here = local.current();
            let trace = match here.trace() {
                _ if here.is_closed() => 0,
                0 => local.reserve_trace(),
                trace => trace,
            };
            (here, trace)
        });
        let context = Context::current();
        if trace == 0 {
            return Self { place: Place { context, trace, number: 0 } };
        }
        let number = kept::hold(trace, &kept::find(trace, flag::state(here.flags)), baggage);
        Self { place: Place { context: context.within(trace, number), trace, number } }
    }
}

impl Place {
    fn run<R>(self, work: impl FnOnce() -> R) -> R {
        if self.trace == 0 {
            return work();
        }
        let inside = Local::with(|local| {
            let here = local.current();
            (here.trace() == self.trace && !here.is_closed()).then(|| {
                renumber(local, self.number);
                Renumbered { trace: self.trace, before: flag::state(here.flags), number: self.number }
            })
        });
        match inside {
            // The current span stays the one to be written to.
            Some(_renumbered) => work(),
            None => self.context.run(work),
        }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        kept::release(self.place.trace, self.place.number);
    }
}

/// Gives the current span's trace another number.
fn renumber(local: &Local, number: u32) {
    let here = local.current();
    // The slot with its mark.
    let slot = local.marked_slot();
    local.set_current(Current { flags: flag::with_state(here.flags, number), slot, ..here });
}

/// Puts the number back, also when the work panics; not where it has left another span current.
struct Renumbered {
    trace: u128,
    before: u32,
    number: u32,
}

impl Drop for Renumbered {
    fn drop(&mut self) {
        Local::with(|local| {
            let here = local.current();
            if here.trace() == self.trace && flag::state(here.flags) == self.number {
                renumber(local, self.before);
            }
        });
    }
}

/// A future that runs with a baggage: made by [`Baggage::wrap_future`].
#[derive(Debug)]
#[must_use = "a future does nothing unless it is polled"]
pub struct InBaggage<F> {
    future: F,
    scope: Scope,
}

impl<F: Future> Future for InBaggage<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<F::Output> {
        let place = self.scope.place;
        place.run(|| crate::span::project(self, |this| &mut this.future).poll(cx))
    }
}
