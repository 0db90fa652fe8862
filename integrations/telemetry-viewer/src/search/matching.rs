//! Whether a trace meets a search.

use telemetry_core::record::{Attribute, Value};

use super::term::{Search, Term};
use crate::span::{Span, Trace, text_of};

impl Search {
    pub(crate) fn meets(&self, trace: &Trace) -> bool {
        self.terms.iter().all(|term| term.meets(trace))
    }
}

impl Term {
    fn meets(&self, trace: &Trace) -> bool {
        match self {
            Self::TraceId(beginning) => trace.id.to_string().starts_with(beginning),
            Self::Longer(nanos) => length(trace) > *nanos,
            Self::Shorter(nanos) => length(trace) < *nanos,
            _ => trace.spans.iter().any(|span| self.holds(span)),
        }
    }

    /// Whether a span makes its trace meet the term; none does for a term that is about the trace.
    fn holds(&self, span: &Span) -> bool {
        match self {
            Self::Name(text) => contains(&span.name, text),
            Self::Route(text) => {
                span.attribute("http.route").is_some_and(|route| contains(&text_of(route), text))
            }
            Self::Service(text) => contains(&span.service, text),
            Self::Kind(kind) => span.kind == *kind,
            Self::Status(status) => span.status == *status,
            Self::HttpStatus(first, last) => {
                span.http_status().is_some_and(|status| (*first..=*last).contains(&status))
            }
            Self::Equals(key, text) => has(span, key, &|value| text_of(value) == *text),
            Self::Contains(key, text) => has(span, key, &|value| contains(&text_of(value), text)),
            Self::TraceId(_) | Self::Longer(_) | Self::Shorter(_) => false,
        }
    }
}

fn length(trace: &Trace) -> u64 {
    let (start, end) = trace.window();
    end - start
}

fn has(span: &Span, key: &str, holds: &dyn Fn(&Value) -> bool) -> bool {
    let of = |attributes: &[Attribute]| {
        attributes.iter().any(|attribute| attribute.key == key && holds(&attribute.value))
    };
    of(&span.attributes) || span.events.iter().any(|event| of(&event.attributes))
}

/// Whether a text contains another that is lowercase already.
pub(crate) fn contains(text: &str, lowercase: &str) -> bool {
    if text.is_ascii() && lowercase.is_ascii() {
        let (text, part) = (text.as_bytes(), lowercase.as_bytes());
        return part.is_empty() || text.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part));
    }
    text.to_lowercase().contains(lowercase)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use telemetry_core::record::EventRecord;
    use telemetry_core::{SpanKind, Status, TraceId};

    use super::*;
    use crate::trace::fixtures::spans;

    fn attribute(key: &'static str, value: Value) -> Attribute {
        Attribute { key: key.into(), value }
    }

    fn trace() -> Trace {
        let mut spans = spans(&[(1, 0, 0, 20_000_000, "GET /books/{id}"), (2, 1, 5, 10, "Älteste.load")]);
        let root = Arc::make_mut(&mut spans[0]);
        (root.kind, root.service) = (SpanKind::Server, "Bookstore".into());
        root.attributes = vec![
            attribute("http.route", Value::Str("/Books/{id}".into())),
            attribute("http.status_code", Value::I64(500)),
        ];
        let child = Arc::make_mut(&mut spans[1]);
        child.status = Status::Error;
        child.attributes = vec![attribute("book.id", Value::U64(17))];
        child.events = vec![EventRecord {
            name: "retry".into(),
            time_unix_nanos: 6,
            attributes: vec![attribute("attempt", Value::I64(2))],
        }];
        Trace { id: TraceId::new(0xabc << 116).unwrap(), spans, left_out: 0 }
    }

    #[test]
    fn every_term_has_to_hold() {
        let trace = trace();
        for met in [
            "",
            "books",
            "GET",
            "älteste",
            "route:/books",
            "service:book",
            "kind:server",
            "status:error",
            "status:unset",
            "status:500",
            "status:5xx",
            "trace:abc0",
            "duration>19ms duration<21ms",
            "book.id=17",
            "attempt=2",
            "book.id~7",
            "books book.id=17 status:error",
        ] {
            assert!(met.parse::<Search>().unwrap().meets(&trace), "{met}");
        }
        for unmet in [
            "orders",
            "route:/orders",
            "service:inventory",
            "kind:client",
            "status:ok",
            "status:404",
            "trace:bc",
            "duration>20ms",
            "duration<20ms",
            "book.id=1",
            "attempt=3",
            "book.id~8",
            "books book.id=18",
        ] {
            assert!(!unmet.parse::<Search>().unwrap().meets(&trace), "{unmet}");
        }
    }
}
