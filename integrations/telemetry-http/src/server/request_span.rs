//! The request's span, from anywhere inside the handler.

use std::cell::Cell;

use telemetry_core::{Span, SpanId};

/// The span of the request this thread is working on, whatever span is current inside it.
///
/// [`RequestSpan::current`] finds it wherever the handler runs; with the feature `axum` it is an extractor; with
/// [`extension`](crate::TelemetryLayer::extension) it is among the request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct RequestSpan(
    /// The handle: it writes while the request is worked on, on that thread.
    pub Span,
);

thread_local! {
    static CURRENT: Place = const { Place { is_taken: Cell::new(false), latest: Cell::new(None) } };
}

/// Where a thread keeps the request it works on: the latest one there was stays, so that leaving it is one word.
struct Place {
    is_taken: Cell<bool>,
    latest: Cell<Option<Here>>,
}

impl Place {
    fn here(&self) -> Option<Here> {
        if self.is_taken.get() { self.latest.get() } else { None }
    }
}

/// The request a thread works on.
#[derive(Clone, Copy)]
pub(super) struct Here {
    pub(super) span: RequestSpan,
    /// The span its `traceparent` names, whether that is continued or not.
    pub(super) brought: Option<SpanId>,
}

impl RequestSpan {
    /// The span of the request this thread is working on; none outside, and for requests without a span.
    pub fn current() -> Option<Self> {
        CURRENT.with(Place::here).map(|here| here.span)
    }

    /// Whether the request this thread works on brought the very parent that another one brings, or neither brought
    /// any: then that is the same one under a further layer, or a part of it.
    pub(super) fn has_brought(parent: Option<SpanId>) -> bool {
        CURRENT.with(Place::here).is_some_and(|here| here.brought == parent)
    }

    /// The request's span here, or one that takes no writes.
    pub(super) fn here() -> Span {
        Self::current().map_or_else(Span::current, |request| request.0)
    }

    /// Makes a request this thread's until it is left, and keeps the one before, if any.
    #[inline]
    pub(super) fn enter(here: &Here, outside: &mut Option<Here>) {
        CURRENT.with(|place| {
            if place.is_taken.get() {
                *outside = place.latest.get();
            }
            place.latest.set(Some(*here));
            place.is_taken.set(true);
        });
    }

    /// Goes back to the request before.
    #[inline]
    pub(super) fn leave(outside: &mut Option<Here>) {
        CURRENT.with(|place| {
            if outside.is_some() {
                place.latest.set(outside.take());
            } else {
                place.is_taken.set(false);
            }
        });
    }
}

/// Finds nothing where the request has no span: then the handle takes no writes.
#[cfg(feature = "axum")]
impl<S: Sync> axum::extract::FromRequestParts<S> for RequestSpan {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        _: &mut http::request::Parts,
        _: &S,
    ) -> Result<Self, std::convert::Infallible> {
        Ok(Self(Self::here()))
    }
}
