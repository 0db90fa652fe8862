//! A thread inside a request: what is current there meanwhile.

use std::mem::ManuallyDrop;

use telemetry_core::__private::Step;
use telemetry_core::LogRequest;

use super::exchange::Exchange;
use super::request_id::RequestId;
use super::request_span::RequestSpan;

/// The stay of a thread inside a request: its span or context is current, and its identifier. A panic ends the request
/// as panicked: whoever catches it may keep the future or the body for long.
///
/// No closure, so that futures and responses, which are large, are made where they are to be.
#[must_use = "the request is left by it"]
pub(super) struct Inside<'a> {
    exchange: &'a mut Exchange,
    step: Step,
}

impl<'a> Inside<'a> {
    #[inline(always)]
    pub(super) fn enter(exchange: &'a mut Exchange) -> Self {
        if let Some(here) = &exchange.here {
            RequestSpan::enter(here, &mut exchange.outside);
        }
        if exchange.identifier.is_some() {
            exchange.show_identifier();
        }
        let step = exchange.span.step_in();
        Self { exchange, step }
    }

    #[inline(always)]
    pub(super) fn leave(self) {
        let mut inside = ManuallyDrop::new(self);
        let step = inside.step;
        inside.exchange.span.step_out(step);
        inside.exchange.leave();
    }

    /// Runs work inside.
    pub(super) fn run<R>(exchange: &'a mut Exchange, work: impl FnOnce() -> R) -> R {
        let inside = Self::enter(exchange);
        let result = work();
        inside.leave();
        result
    }
}

impl Drop for Inside<'_> {
    #[cold]
    fn drop(&mut self) {
        self.exchange.span.step_out_of_panic(self.step);
        self.exchange.leave();
        self.exchange.settle();
    }
}

impl Exchange {
    /// Leaves all but the span.
    #[inline(always)]
    fn leave(&mut self) {
        if self.here.is_some() {
            RequestSpan::leave(&mut self.outside);
        }
        if self.is_shown {
            self.hide_identifier();
        }
    }

    /// Makes the identifier that of the thread. The one before is kept in its place.
    #[cold]
    fn show_identifier(&mut self) {
        self.lines = LogRequest::replace(self.identifier.as_ref().map(RequestId::text));
        RequestId::swap(&mut self.identifier);
        self.is_shown = true;
    }

    #[cold]
    fn hide_identifier(&mut self) {
        RequestId::swap(&mut self.identifier);
        LogRequest::replace(self.lines.take());
        self.is_shown = false;
    }
}
