//! The span of a future whose polls are counted and timed.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::task::TaskSpan;
use super::writer::{Held, Writer};

/// What a future is polled inside: a span, with or without a look at the clock.
pub trait PolledSpan: Held {
    /// Polls `future` inside the span.
    fn poll<F: Future>(&mut self, future: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<F::Output>;

    /// Runs what makes the future inside the span: not a poll yet.
    fn making<F>(&mut self, work: impl FnOnce() -> F) -> F;

    /// Ends the span; polls that follow are in none.
    fn end(&mut self);
}

impl PolledSpan for TaskSpan {
    #[inline(always)]
    fn poll<F: Future>(&mut self, future: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.poll_inside(future, cx)
    }

    #[inline(always)]
    fn making<F>(&mut self, work: impl FnOnce() -> F) -> F {
        self.making_inside(work)
    }

    #[inline(always)]
    fn end(&mut self) {
        *self = Self::nothing();
    }
}

/// A [`TaskSpan`] that records how its future was polled, when it ends, however it ends:
///
/// | attribute | is |
/// |---|---|
/// | `poll_count` | how often it was polled |
/// | `busy_ns` | nanoseconds spent inside polls |
/// | `idle_ns` | nanoseconds before and between them, from the opening of the span to the last poll |
///
/// The names are those of `tracing-opentelemetry`. Every poll reads the clock twice; a span that is not recorded reads
/// none.
pub struct TimedSpan {
    span: TaskSpan,
    polls: u64,
    busy_nanos: u64,
    idle_nanos: u64,
    /// When the span was opened, or the last poll began or ended.
    since: u64,
    /// Inside a poll.
    is_busy: bool,
}

impl TimedSpan {
    /// Counts and times the polls of this span's future.
    pub fn new(span: TaskSpan) -> Self {
        let since = if span.is_recording() { span.pipeline().timeline.monotonic_nanos() } else { 0 };
        Self { span, polls: 0, busy_nanos: 0, idle_nanos: 0, since, is_busy: false }
    }

    /// A poll begins or ends.
    fn turn(&mut self) {
        let now = self.span.pipeline().timeline.monotonic_nanos();
        let passed = now.saturating_sub(self.since);
        if self.is_busy {
            self.busy_nanos += passed;
        } else {
            self.idle_nanos += passed;
            self.polls += 1;
        }
        self.is_busy = !self.is_busy;
        self.since = now;
    }

    /// Records what was counted.
    fn record(&mut self) {
        if !self.span.is_recording() {
            return;
        }
        // A panic unwinds through the poll.
        if self.is_busy {
            self.turn();
        }
        self.span.set("poll_count", self.polls);
        self.span.set("busy_ns", self.busy_nanos);
        self.span.set("idle_ns", self.idle_nanos);
    }
}

impl PolledSpan for TimedSpan {
    fn poll<F: Future>(&mut self, future: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<F::Output> {
        if !self.span.is_recording() {
            return self.span.poll_inside(future, cx);
        }
        // A panic unwound through the last poll and was caught.
        if self.is_busy {
            self.turn();
        }
        self.turn();
        let poll = self.span.poll_inside(future, cx);
        self.turn();
        poll
    }

    fn making<F>(&mut self, work: impl FnOnce() -> F) -> F {
        self.span.making(work)
    }

    fn end(&mut self) {
        self.record();
        self.span.end();
    }
}

impl Held for TimedSpan {
    fn writer(&self) -> Writer {
        self.span.writer()
    }
}

impl Drop for TimedSpan {
    fn drop(&mut self) {
        self.record();
    }
}

impl fmt::Debug for TimedSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimedSpan")
            .field("span", &self.span)
            .field("polls", &self.polls)
            .field("busy_nanos", &self.busy_nanos)
            .field("idle_nanos", &self.idle_nanos)
            .finish_non_exhaustive()
    }
}
