//! What can stand for a span that is elsewhere: a parent, or the other end of a link.

use super::{Context, SpanContext};
use crate::span::Span;

/// Something that knows the identifiers of a span: a [`SpanContext`], a [`Context`] or a [`Span`], or perhaps one of
/// them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not stand for a span",
    label = "expected a `SpanContext`, a `Context`, a `Span`, an `Option` of one of them, or a reference to one"
)]
pub trait AsSpanContext {
    /// The identifiers, if there is a span.
    fn as_span_context(&self) -> Option<SpanContext>;
}

impl AsSpanContext for SpanContext {
    fn as_span_context(&self) -> Option<SpanContext> {
        Some(*self)
    }
}

impl AsSpanContext for Context {
    fn as_span_context(&self) -> Option<SpanContext> {
        self.span_context()
    }
}

impl AsSpanContext for Span {
    fn as_span_context(&self) -> Option<SpanContext> {
        self.context()
    }
}

impl<S: AsSpanContext> AsSpanContext for Option<S> {
    fn as_span_context(&self) -> Option<SpanContext> {
        self.as_ref().and_then(S::as_span_context)
    }
}

impl<S: AsSpanContext + ?Sized> AsSpanContext for &S {
    fn as_span_context(&self) -> Option<SpanContext> {
        (**self).as_span_context()
    }
}
