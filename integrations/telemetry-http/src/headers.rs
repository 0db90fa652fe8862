//! Trace context in HTTP headers, as W3C Trace Context has it.

use http::{HeaderMap, HeaderName, HeaderValue};
use telemetry_core::SpanContext;
use telemetry_core::propagate::{self, Extract, Held, Inject, Keys, Propagators, Remote, TraceState};

pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static(propagate::TRACEPARENT);
pub(crate) const TRACESTATE: HeaderName = HeaderName::from_static(propagate::TRACESTATE);

/// The headers of a request that came in, to be read by whatever [`propagate`] reads.
#[derive(Clone, Copy, Debug)]
pub struct Headers<'a>(pub &'a HeaderMap);

/// The headers of a request that goes out, to be written.
#[derive(Debug)]
pub struct HeadersMut<'a>(pub &'a mut HeaderMap);

/// The name of a header: the two of Trace Context are at hand, others are made.
fn named(name: &'static str) -> HeaderName {
    match name {
        propagate::TRACEPARENT => TRACEPARENT,
        propagate::TRACESTATE => TRACESTATE,
        other => HeaderName::from_static(other),
    }
}

impl Extract for Headers<'_> {
    fn values<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
        self.0.get_all(named(name)).iter().map(HeaderValue::as_bytes)
    }
}

impl Inject for HeadersMut<'_> {
    fn set(&mut self, name: &'static str, value: &str) {
        // What is written here is visible ASCII, which is always a header's value.
        if let Ok(value) = HeaderValue::from_str(value) {
            self.0.insert(named(name), value);
        }
    }

    fn remove(&mut self, name: &'static str) {
        self.0.remove(named(name));
    }
}

/// The span the sender of these headers was in, and the state of the trace. None when there is no `traceparent`, when
/// it is malformed, or when there are several: the trace then begins anew.
pub fn extract(headers: &HeaderMap) -> Option<Remote> {
    propagate::extract(&Headers(headers))
}

/// What a request is described by among its headers, and whose trace it brings, found in one go: each look-up by name
/// costs more than to pass over a few headers.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    headers: &'a HeaderMap,
    /// The first two, of which there must not be a second.
    traceparents: [Option<&'a HeaderValue>; 2],
    pub(crate) has_state: bool,
    pub(crate) host: Option<&'a HeaderValue>,
    pub(crate) user_agent: Option<&'a HeaderValue>,
    pub(crate) content_length: Option<&'a HeaderValue>,
}

impl<'a> Seen<'a> {
    pub(crate) fn among(headers: &'a HeaderMap) -> Self {
        let mut seen = Self {
            headers,
            traceparents: [None; 2],
            has_state: false,
            host: None,
            user_agent: None,
            content_length: None,
        };
        for (name, value) in headers {
            match name.as_str() {
                "host" => _ = seen.host.get_or_insert(value),
                "user-agent" => _ = seen.user_agent.get_or_insert(value),
                "content-length" => _ = seen.content_length.get_or_insert(value),
                propagate::TRACESTATE => seen.has_state = true,
                propagate::TRACEPARENT => {
                    let [first, second] = &mut seen.traceparents;
                    let place = if first.is_none() { first } else { second };
                    place.get_or_insert(value);
                }
                _ => {}
            }
        }
        seen
    }

    /// All headers, for whoever looks for others.
    pub(crate) const fn all(&self) -> Headers<'a> {
        Headers(self.headers)
    }

    /// The caller's span, as [`extract`] finds it.
    pub(crate) fn parent(&self) -> Option<SpanContext> {
        let [Some(parent), None] = self.traceparents else { return None };
        propagate::parse_traceparent(parent.as_bytes())
    }

    /// Keeps the caller's span, with the state of its trace. One that is malformed is dropped, and the span stands.
    #[inline]
    pub(crate) fn hold(&self, span: SpanContext, keys: Keys) -> Held {
        if self.has_state { self.hold_with_state(span, keys) } else { Held::of_span(span) }
    }

    #[inline(never)]
    fn hold_with_state(&self, span: SpanContext, keys: Keys) -> Held {
        let states = self.headers.get_all(TRACESTATE).iter().map(HeaderValue::as_bytes);
        Remote { span, state: TraceState::parse(states, keys).unwrap_or_default() }.hold()
    }
}

/// Names the current span of this thread in the headers of an outgoing request, over whatever was there, by the headers
/// that were chosen for the process ([`Propagators`]); `traceparent` and `tracestate` unless told otherwise. Without a
/// current span the headers stay as they are.
pub fn inject(headers: &mut HeaderMap) {
    Propagators::of_process().inject(&mut HeadersMut(headers));
}

/// Names a span in the headers of a response: there is no state in those.
pub(crate) fn set_traceparent(headers: &mut HeaderMap, context: SpanContext) {
    // Digits and dashes are always a header's value.
    if let Ok(value) = HeaderValue::from_bytes(&propagate::format_traceparent(&context)) {
        headers.insert(TRACEPARENT, value);
    }
}

#[cfg(test)]
mod tests {
    use telemetry_core::Span;

    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn one_header_is_a_parent_and_two_are_none() {
        let mut headers = HeaderMap::new();
        assert_eq!(extract(&headers), None);
        headers.append(TRACEPARENT, HeaderValue::from_static(PARENT));
        headers.append(TRACESTATE, HeaderValue::from_static("a=1"));
        headers.append(TRACESTATE, HeaderValue::from_static("b=2"));
        let remote = extract(&headers).unwrap();
        assert_eq!(remote.span.span_id.to_string(), "b7ad6b7169203331");
        assert_eq!(remote.state.as_str(), "a=1,b=2");
        headers.append(TRACEPARENT, HeaderValue::from_static(PARENT));
        assert_eq!(extract(&headers), None);
    }

    #[test]
    fn what_is_not_text_is_no_parent() {
        let mut headers = HeaderMap::new();
        headers.insert(TRACEPARENT, HeaderValue::from_bytes(&[0xff; 55]).unwrap());
        assert_eq!(extract(&headers), None);
    }

    #[test]
    fn an_outgoing_header_is_the_current_span_and_no_other() {
        let _scope = telemetry_core::testing::Scope::new();
        let mut headers = HeaderMap::new();
        inject(&mut headers);
        assert!(headers.is_empty(), "nobody is named where there is no span");
        headers.insert(TRACEPARENT, HeaderValue::from_static(PARENT));
        headers.insert(TRACESTATE, HeaderValue::from_static("a=1"));
        let _span =
            telemetry_core::SpanBuilder::new(crate::attributes::client(crate::Conventions::Old)).enter();
        inject(&mut headers);
        assert_eq!(
            extract(&headers).map(|named| named.span.span_id),
            Span::current().context().map(|span| span.span_id)
        );
        assert!(!headers.contains_key("tracestate"), "the state was another trace's");
    }
}
