//! A thread inside a request: what is current there meanwhile.

use std::mem;

use telemetry_core::__private::Staying;
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
    /// The request's span, until it is left.
    staying: Option<Staying>,
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
        let staying = Some(mem::take(&mut exchange.span).stay());
        Self { exchange, staying }
    }

    #[inline(always)]
    pub(super) fn leave(mut self) {
        if let Some(staying) = self.staying.take() {
            self.exchange.span = staying.leave();
            self.exchange.leave();
        }
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
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(staying) = self.staying.take() {
            end_by_panic(self.exchange, staying);
        }
    }
}

#[cold]
#[inline(never)]
fn end_by_panic(exchange: &mut Exchange, staying: Staying) {
    exchange.span = staying.leave_by_panic();
    exchange.leave();
    exchange.settle();
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
