//! Spans whose calls are counted and timed, whether they are recorded or not.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread::panicking;

use super::timed::PolledSpan;
use super::writer::{Held, Writer};
use crate::context::Local;
use crate::metric::calls::{CallOutcome, Calls};

/// A span, and the call that it is the span of. When both end, the call is counted.
pub struct Measured<S> {
    /// Ends first, so that the span is still current, and an exemplar names it.
    call: Call,
    span: S,
}

/// A call under way.
struct Call {
    of: &'static Calls,
    /// When it began, in nanoseconds of the pipeline's clock; none where metrics are off.
    began: Option<u64>,
    state: State,
}

/// What is known of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// It runs, and what leaves it is its value or a panic.
    Running,
    /// It runs while the thread panics: a destructor calls it.
    RunningInPanic,
    /// Its future waits to be polled.
    Pending,
    /// Its future is being polled, or was when a panic unwound.
    Polling,
    /// Its future was ready.
    Ready,
    /// What came out is an error.
    Failed,
}

impl<S> Measured<S> {
    /// Measures a call that ends with a scope.
    #[inline]
    pub fn scope(of: &'static Calls, span: S) -> Self {
        let state = if panicking() { State::RunningInPanic } else { State::Running };
        Self { call: Call::begin(of, state), span }
    }

    /// Measures a call that ends with a future.
    #[inline]
    pub fn future(of: &'static Calls, span: S) -> Self {
        Self { call: Call::begin(of, State::Pending), span }
    }
}

impl Call {
    #[inline]
    fn begin(of: &'static Calls, state: State) -> Self {
        Self { of, began: Calls::are_counted().then(now), state }
    }

    fn end(&mut self) {
        let Some(began) = self.began.take() else { return };
        let outcome = match self.state {
            State::Running if panicking() => CallOutcome::Panic,
            State::Running | State::RunningInPanic | State::Ready => CallOutcome::Ok,
            State::Failed => CallOutcome::Error,
            State::Polling => CallOutcome::Panic,
            State::Pending => CallOutcome::Cancelled,
        };
        self.of.count(outcome, now().saturating_sub(began));
    }
}

impl Drop for Call {
    #[inline]
    fn drop(&mut self) {
        if self.began.is_some() {
            self.end();
        }
    }
}

/// The time on the clock of this thread's pipeline.
#[inline(never)]
fn now() -> u64 {
    Local::with(|local| local.pipeline.get().timeline.monotonic_nanos())
}

impl<S: Held> Held for Measured<S> {
    const COUNTS: bool = true;

    #[inline(always)]
    fn writer(&self) -> Writer {
        self.span.writer()
    }

    #[inline(always)]
    fn count_failure(&mut self) {
        self.call.state = State::Failed;
    }
}

impl<S: PolledSpan> PolledSpan for Measured<S> {
    #[inline]
    fn poll<F: Future>(&mut self, future: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.call.state = State::Polling;
        let poll = self.span.poll(future, cx);
        self.call.state = if poll.is_ready() { State::Ready } else { State::Pending };
        poll
    }

    #[inline]
    fn making<F>(&mut self, work: impl FnOnce() -> F) -> F {
        self.call.state = State::Polling;
        let future = self.span.making(work);
        self.call.state = State::Pending;
        future
    }

    fn end(&mut self) {
        self.call.end();
        self.span.end();
    }
}

impl<S: fmt::Debug> fmt::Debug for Measured<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Measured")
            .field("span", &self.span)
            .field("calls", self.call.of)
            .finish_non_exhaustive()
    }
}
