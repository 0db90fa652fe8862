//! Headers that carry contexts, whatever they are made of.

use std::collections::HashMap;

use super::member::Keys;
use super::remote::Remote;
use super::traceparent::{format_traceparent, parse_traceparent};
use super::tracestate::TraceState;
use crate::context::SpanContext;
use crate::span::Span;

/// The names of the headers, as [`Extract`] and [`Inject`] are given them.
pub const TRACEPARENT: &str = "traceparent";
/// The header of the [`TraceState`].
pub const TRACESTATE: &str = "tracestate";

/// Headers that can be read: of a request, a message, a job.
///
/// Names of HTTP headers have no case; an implementation must find `TraceParent` too.
pub trait Extract {
    /// The values of all headers of this name, in their order.
    fn values<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a [u8]>;
}

/// Headers that can be written.
pub trait Inject {
    /// Gives a header a value, in place of all that were there.
    fn set(&mut self, name: &'static str, value: &str);
    /// Removes all headers of this name.
    fn remove(&mut self, name: &'static str);
}

/// What the sender of these headers was in. None when there is no `traceparent`, when it is malformed, or when there
/// are several: the trace begins anew then, and a `tracestate` without one means nothing. One that is malformed is
/// dropped, and the `traceparent` stands.
///
/// # Examples
/// ```
/// use telemetry_core::propagate::extract;
/// let headers = [
///     ("TraceParent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
///     ("tracestate", "rojo=1"),
///     ("tracestate", "congo=2"),
/// ];
/// let remote = extract(&headers).unwrap();
/// assert_eq!(remote.span.span_id.to_string(), "b7ad6b7169203331");
/// assert_eq!(remote.state.as_str(), "rojo=1,congo=2");
/// ```
pub fn extract<C: Extract + ?Sized>(carrier: &C) -> Option<Remote> {
    extract_with(carrier, Keys::Level2)
}

/// As [`extract`], with a choice of the keys that a `tracestate` may have.
pub fn extract_with<C: Extract + ?Sized>(carrier: &C, keys: Keys) -> Option<Remote> {
    let mut values = carrier.values(TRACEPARENT);
    let (first, second) = (values.next()?, values.next());
    let span = if second.is_some() { None } else { parse_traceparent(first) }?;
    let state = TraceState::parse(carrier.values(TRACESTATE), keys).unwrap_or_default();
    Some(Remote { span, state })
}

/// Names the current span of this thread in headers that go out, with its trace's state, over whatever was there: an
/// inbound header never goes out as it came. Without a current span the headers stay as they are.
pub fn inject<C: Inject + ?Sized>(carrier: &mut C) {
    inject_span(&Span::current(), carrier);
}

/// As [`inject`], of any span.
pub fn inject_span<C: Inject + ?Sized>(span: &Span, carrier: &mut C) {
    if let Some(context) = span.context() {
        inject_context(context, &span.trace_state(), carrier);
    }
}

/// Names a span by its identifiers, with a state of the caller's.
pub fn inject_context<C: Inject + ?Sized>(context: SpanContext, state: &TraceState, carrier: &mut C) {
    let text = format_traceparent(&context);
    // Digits and dashes are text.
    carrier.set(TRACEPARENT, std::str::from_utf8(&text).unwrap_or_default());
    if state.is_empty() {
        carrier.remove(TRACESTATE);
    } else {
        carrier.set(TRACESTATE, state.as_str());
    }
}

/// Headers in a row.
impl<K: AsRef<str>, V: AsRef<[u8]>> Extract for [(K, V)] {
    fn values<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
        let named = self.iter().filter(move |(key, _)| key.as_ref().eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_ref())
    }
}

/// Headers in a row.
impl<K: AsRef<str>, V: AsRef<[u8]>, const N: usize> Extract for [(K, V); N] {
    fn values<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
        self.as_slice().values(name)
    }
}

/// Headers in a row.
impl<V: AsRef<[u8]>> Extract for Vec<(String, V)> {
    fn values<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
        self.as_slice().values(name)
    }
}

/// Headers in a row.
impl<V: for<'a> From<&'a str>> Inject for Vec<(String, V)> {
    fn set(&mut self, name: &'static str, value: &str) {
        Inject::remove(self, name);
        self.push((name.to_owned(), V::from(value)));
    }

    fn remove(&mut self, name: &'static str) {
        self.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
    }
}

/// Headers of which each has one value.
impl<S: std::hash::BuildHasher> Extract for HashMap<String, String, S> {
    fn values<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
        let named = self.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_bytes())
    }
}

/// Headers of which each has one value.
impl<S: std::hash::BuildHasher> Inject for HashMap<String, String, S> {
    fn set(&mut self, name: &'static str, value: &str) {
        Inject::remove(self, name);
        self.insert(name.to_owned(), value.to_owned());
    }

    fn remove(&mut self, name: &'static str) {
        self.retain(|key, _| !key.eq_ignore_ascii_case(name));
    }
}
