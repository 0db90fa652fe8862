//! Spans and traces as the viewer holds them, whatever they came from.

use std::borrow::Cow;
use std::sync::Arc;

use telemetry_core::record::{Attribute, EventRecord, LinkRecord, SpanRecord, Value};
use telemetry_core::{Outcome, SpanId, SpanKind, Status, TraceId};

/// A finished span, with the service it is of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Span {
    pub(crate) id: SpanId,
    pub(crate) parent: Option<SpanId>,
    pub(crate) local_root: bool,
    pub(crate) service: Arc<str>,
    pub(crate) name: Cow<'static, str>,
    pub(crate) kind: SpanKind,
    pub(crate) start_unix_nanos: u64,
    pub(crate) duration_nanos: u64,
    pub(crate) status: Status,
    pub(crate) outcome: Outcome,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) events: Vec<EventRecord>,
    pub(crate) links: Vec<LinkRecord>,
    pub(crate) dropped: Dropped,
    pub(crate) scope: Cow<'static, str>,
    pub(crate) file: Cow<'static, str>,
    pub(crate) line: u32,
}

/// How much did not fit into a span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dropped {
    pub(crate) attributes: u32,
    pub(crate) events: u32,
    pub(crate) links: u32,
}

impl Span {
    /// A span of this process.
    pub(crate) fn of_record(record: &SpanRecord, service: Arc<str>) -> Self {
        Self {
            id: record.span_id,
            parent: record.parent_span_id,
            local_root: record.local_root,
            service,
            name: record.name.clone(),
            kind: record.kind,
            start_unix_nanos: record.start_unix_nanos,
            duration_nanos: record.duration_nanos,
            status: record.status,
            outcome: record.outcome,
            attributes: record.attributes.clone(),
            events: record.events.clone(),
            links: record.links.clone(),
            dropped: Dropped {
                attributes: record.dropped_attributes_count,
                events: record.dropped_events_count,
                links: record.dropped_links_count,
            },
            scope: record.origin.crate_name.into(),
            file: record.origin.file.into(),
            line: record.line,
        }
    }

    pub(crate) const fn end_unix_nanos(&self) -> u64 {
        self.start_unix_nanos.saturating_add(self.duration_nanos)
    }

    pub(crate) fn attribute(&self, key: &str) -> Option<&Value> {
        self.attributes.iter().find(|attribute| attribute.key == key).map(|attribute| &attribute.value)
    }

    /// The status of the HTTP answer, by the older name or the one of today's conventions.
    pub(crate) fn http_status(&self) -> Option<u16> {
        let value =
            self.attribute("http.response.status_code").or_else(|| self.attribute("http.status_code"))?;
        match value {
            Value::I64(code) => u16::try_from(*code).ok(),
            Value::U64(code) => u16::try_from(*code).ok(),
            _ => None,
        }
    }
}

/// A value as a person reads it; bytes as base64, as everywhere in JSON here.
pub(crate) fn text_of(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Bool(value) => value.to_string().into(),
        Value::I64(value) => value.to_string().into(),
        Value::U64(value) => value.to_string().into(),
        Value::F64(value) => value.to_string().into(),
        Value::Str(value) => Cow::Borrowed(value),
        Value::Bytes(_) => {
            let one = [Attribute { key: "".into(), value: value.clone() }];
            let json = telemetry_core::sink::json::attributes(&one);
            // `{"":"…"}`, and base64 needs no escape.
            json[5..json.len() - 2].to_owned().into()
        }
    }
}

/// The spans of a trace that are known here, in no order that means anything.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    pub(crate) id: TraceId,
    pub(crate) spans: Vec<Arc<Span>>,
    /// Spans that are known of and not here, since there are too many.
    pub(crate) left_out: u64,
}

impl Trace {
    /// When the first span began, and the last one ended.
    pub(crate) fn window(&self) -> (u64, u64) {
        let start = self.spans.iter().map(|span| span.start_unix_nanos).min().unwrap_or(0);
        let end = self.spans.iter().map(|span| span.end_unix_nanos()).max().unwrap_or(start);
        (start, end)
    }

    /// When the latest of its spans began.
    pub(crate) fn latest_start(&self) -> u64 {
        self.spans.iter().map(|span| span.start_unix_nanos).max().unwrap_or(0)
    }

    /// The span a trace is called after: its root, or the first local root, or the first there is.
    pub(crate) fn headline(&self) -> Option<&Span> {
        let rank = |span: &Span| (span.parent.is_some(), !span.local_root, span.start_unix_nanos);
        self.spans.iter().map(|span| &**span).min_by_key(|span| rank(span))
    }

    pub(crate) fn errors(&self) -> usize {
        self.spans.iter().filter(|span| span.status == Status::Error).count()
    }

    /// The services that took part, in the order in which they came in.
    pub(crate) fn services(&self) -> Vec<Arc<str>> {
        let mut spans: Vec<&Arc<Span>> = self.spans.iter().collect();
        spans.sort_by_key(|span| span.start_unix_nanos);
        let mut services: Vec<Arc<str>> = Vec::new();
        for span in spans {
            if !services.contains(&span.service) {
                services.push(Arc::clone(&span.service));
            }
        }
        services
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_as_a_person_would_write_them() {
        for (value, expected) in [
            (Value::Bool(true), "true"),
            (Value::U64(u64::MAX), "18446744073709551615"),
            (Value::F64(0.5), "0.5"),
            (Value::Str("<b>".into()), "<b>"),
            (Value::Bytes(b"foobar".to_vec()), "Zm9vYmFy"),
            (Value::Bytes(Vec::new()), ""),
        ] {
            assert_eq!(text_of(&value), expected);
        }
    }
}
