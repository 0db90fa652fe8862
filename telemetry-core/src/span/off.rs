//! What the macros name where spans are built out: nothing of it is left once the program is optimised.

use std::fmt::{Debug, Display};
use std::future::IntoFuture;

use super::{AttributeValue, Span, SpanGuard};
use crate::context::{AsSpanContext, Current};
use crate::sample::Sampler;

/// Takes what can be an attribute.
pub fn check<V: AttributeValue + ?Sized>(_: &V) {}

/// Takes what displays.
pub fn check_display(_: &dyn Display) {}

/// Takes what has a debug form.
pub fn check_debug(_: &dyn Debug) {}

/// Takes a sampler that lives as long as its call site.
pub fn check_sampler(_: &'static dyn Sampler) {}

/// Takes spans to refer to.
pub fn check_links(_: impl IntoIterator<Item: AsSpanContext>) {}

/// The handle of no span.
pub const NO_SPAN: Span = Span::of(Current::NONE);

/// The guard of no span.
#[inline(always)]
pub const fn no_guard() -> SpanGuard {
    SpanGuard::nothing()
}

/// The future as it is.
#[inline(always)]
pub fn no_step<F: IntoFuture>(future: F) -> F::IntoFuture {
    future.into_future()
}
