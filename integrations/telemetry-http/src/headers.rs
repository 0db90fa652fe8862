//! Trace context in HTTP headers, as W3C Trace Context has it.

use http::{HeaderMap, HeaderName, HeaderValue};
use telemetry_core::propagate::{format_traceparent, parse_traceparent};
use telemetry_core::{Span, SpanContext};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The span the sender of these headers was in. None when there is no `traceparent`, when it is malformed, or when
/// there are several: the trace then begins anew.
pub fn extract(headers: &HeaderMap) -> Option<SpanContext> {
    let mut values = headers.get_all(TRACEPARENT).iter();
    let header = values.next()?;
    match values.next() {
        None => parse_traceparent(header.as_bytes()),
        Some(_) => None,
    }
}

/// Names the current span of this thread in the headers of an outgoing request, over whatever `traceparent` was there.
/// Without a current span the headers stay as they are.
pub fn inject(headers: &mut HeaderMap) {
    if let Some(context) = Span::current().context() {
        set_traceparent(headers, context);
    }
}

pub(crate) fn set_traceparent(headers: &mut HeaderMap, context: SpanContext) {
    // Digits and dashes are always a header's value.
    if let Ok(value) = HeaderValue::from_bytes(&format_traceparent(&context)) {
        headers.insert(TRACEPARENT, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn one_header_is_a_parent_and_two_are_none() {
        let mut headers = HeaderMap::new();
        assert_eq!(extract(&headers), None);
        headers.append(TRACEPARENT, HeaderValue::from_static(PARENT));
        assert_eq!(
            extract(&headers).map(|parent| parent.span_id.to_string()).as_deref(),
            Some("b7ad6b7169203331")
        );
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
        let _span = telemetry_core::SpanBuilder::new(&crate::attributes::CLIENT).enter();
        inject(&mut headers);
        assert_eq!(
            extract(&headers).map(|named| named.span_id),
            Span::current().context().map(|span| span.span_id)
        );
    }
}
