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
    /// When it began, in nanoseconds of the pipeline's clock; zero where metrics are off.
    began: u64,
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
    #[inline(always)]
    pub fn scope(of: &'static Calls, span: S) -> Self {
        let (began, state) = if Calls::are_counted() { begin_scope() } else { (0, State::Running) };
        Self { call: Call { of, began, state }, span }
    }

    /// Measures a call that ends with a future.
    #[inline(always)]
    pub fn future(of: &'static Calls, span: S) -> Self {
        let began = if Calls::are_counted() { now() } else { 0 };
        Self { call: Call { of, began, state: State::Pending }, span }
    }
}

impl Drop for Call {
    #[inline(always)]
    fn drop(&mut self) {
        if self.began != 0 {
            end(self.of, self.began, self.state);
        }
    }
}

#[inline(never)]
fn begin_scope() -> (u64, State) {
    (now(), if panicking() { State::RunningInPanic } else { State::Running })
}

/// Counts a call. By value, as the end of a span: nobody has the address of what is measured.
#[inline(never)]
fn end(of: &'static Calls, began: u64, state: State) {
    let outcome = match state {
        State::Running if panicking() => CallOutcome::Panic,
        State::Running | State::RunningInPanic | State::Ready => CallOutcome::Ok,
        State::Failed => CallOutcome::Error,
        State::Polling => CallOutcome::Panic,
        State::Pending => CallOutcome::Cancelled,
    };
    of.count(outcome, now().saturating_sub(began));
}

/// The time on the clock of this thread's pipeline.
#[inline(never)]
fn now() -> u64 {
    // A clock at its zero is no call that is not measured.
    Local::with(|local| local.pipeline.get().timeline.monotonic_nanos()).max(1)
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
        if self.call.began != 0 {
            end(self.call.of, self.call.began, self.call.state);
            self.call.began = 0;
        }
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
