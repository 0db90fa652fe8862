//! What the answers look like.
//!
//! Numbers that may be larger than 2<sup>53</sup>, which a page could not read, are texts.

use serde::Serialize;
use telemetry_core::record::{Attribute, EventRecord, Value};

use crate::span::{Span, Trace, text_of};
use crate::trace::{Row, RowOf, critical_path, own_nanos, rows};

/// A trace in the list.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    trace_id: String,
    name: String,
    kind: &'static str,
    services: Vec<String>,
    start_unix_nanos: String,
    pub(super) duration_nanos: u64,
    spans: u64,
    pub(super) errors: usize,
    /// The root's own: `unset`, `ok` or `error`.
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    /// What the first span that failed says.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Whether the root is here: it may have been dropped, or not be over yet.
    rooted: bool,
}

impl Summary {
    pub(super) fn of(trace: &Trace) -> Option<Self> {
        let headline = trace.headline()?;
        let (start, end) = trace.window();
        let failed = trace.spans.iter().filter(|span| span.status == telemetry_core::Status::Error);
        Some(Self {
            trace_id: trace.id.to_string(),
            name: headline.name.to_string(),
            kind: headline.kind.as_str(),
            services: trace.services().iter().map(ToString::to_string).collect(),
            start_unix_nanos: start.to_string(),
            duration_nanos: end - start,
            spans: trace.spans.len() as u64 + trace.left_out,
            errors: trace.errors(),
            status: headline.status.as_str(),
            http_status: headline.http_status(),
            // The one that began last is mostly the one that went wrong first.
            error: failed.max_by_key(|span| span.start_unix_nanos).and_then(|span| error_of(span)),
            rooted: headline.parent.is_none() || headline.local_root,
        })
    }
}

fn error_of(span: &Span) -> Option<String> {
    let said = |key| span.attribute(key).map(text_of);
    match (said("error.type"), said("error.message")) {
        (Some(kind), Some(message)) => Some(format!("{kind}: {message}")),
        (kind, message) => kind.or(message).map(Into::into),
    }
}

/// A trace with all its rows.
#[derive(Debug, Serialize)]
pub(super) struct Detail {
    summary: Summary,
    rows: Vec<DetailRow>,
    left_out: u64,
}

/// A span, or one that is not here, as a line of the waterfall. Offsets are nanoseconds since the start of the trace.
#[derive(Debug, Serialize)]
struct DetailRow {
    depth: usize,
    /// Rows directly below.
    children: usize,
    /// True for a span that is not here: then there is nothing but its identifier.
    missing: bool,
    span_id: String,
    #[serde(flatten)]
    span: Option<DetailSpan>,
}

#[derive(Debug, Serialize)]
struct DetailSpan {
    parent_span_id: Option<String>,
    local_root: bool,
    service: String,
    name: String,
    kind: &'static str,
    offset_nanos: u64,
    duration_nanos: u64,
    /// The time in which none of its children ran.
    own_nanos: u64,
    /// Stretches of the critical path, `[from, to]`.
    critical: Vec<(u64, u64)>,
    status: &'static str,
    outcome: &'static str,
    attributes: Vec<DetailAttribute>,
    events: Vec<DetailEvent>,
    links: Vec<DetailLink>,
    dropped_attributes: u32,
    dropped_events: u32,
    dropped_links: u32,
    scope: String,
    source: String,
}

#[derive(Debug, Serialize)]
struct DetailAttribute {
    key: String,
    /// `bool`, `int`, `float`, `text` or `bytes`.
    r#type: &'static str,
    value: String,
}

#[derive(Debug, Serialize)]
struct DetailEvent {
    name: String,
    offset_nanos: i64,
    attributes: Vec<DetailAttribute>,
}

#[derive(Debug, Serialize)]
struct DetailLink {
    trace_id: String,
    span_id: String,
}

impl Detail {
    pub(super) fn of(trace: &Trace) -> Option<Self> {
        let summary = Summary::of(trace)?;
        let (start, _) = trace.window();
        let rows = rows(&trace.spans);
        let (own, critical) = (own_nanos(&rows), critical_path(&rows));
        let rows = rows
            .iter()
            .zip(own)
            .zip(critical)
            .map(|((row, own), critical)| detail(row, own, &critical, start));
        Some(Self { summary, rows: rows.collect(), left_out: trace.left_out })
    }
}

fn detail(row: &Row, own_nanos: u64, critical: &[(u64, u64)], start: u64) -> DetailRow {
    let (span_id, span) = match &row.of {
        RowOf::Missing(id) => (id.to_string(), None),
        RowOf::Span(span) => (span.id.to_string(), Some(&**span)),
    };
    let span = span.map(|span| DetailSpan {
        parent_span_id: span.parent.map(|parent| parent.to_string()),
        local_root: span.local_root,
        service: span.service.to_string(),
        name: span.name.to_string(),
        kind: span.kind.as_str(),
        offset_nanos: span.start_unix_nanos - start,
        duration_nanos: span.duration_nanos,
        own_nanos,
        critical: critical.iter().map(|(from, to)| (from - start, to - start)).collect(),
        status: span.status.as_str(),
        outcome: span.outcome.as_str(),
        attributes: attributes(&span.attributes),
        events: span.events.iter().map(|event| self::event(event, start)).collect(),
        links: span
            .links
            .iter()
            .map(|link| DetailLink { trace_id: link.trace_id.to_string(), span_id: link.span_id.to_string() })
            .collect(),
        dropped_attributes: span.dropped.attributes,
        dropped_events: span.dropped.events,
        dropped_links: span.dropped.links,
        scope: span.scope.to_string(),
        source: format!("{}:{}", span.file, span.line),
    });
    DetailRow { depth: row.depth, children: row.children.len(), missing: span.is_none(), span_id, span }
}

fn event(event: &EventRecord, start: u64) -> DetailEvent {
    DetailEvent {
        name: event.name.to_string(),
        // A clock that was set may have put it before everything.
        offset_nanos: event.time_unix_nanos.cast_signed().saturating_sub(start.cast_signed()),
        attributes: attributes(&event.attributes),
    }
}

fn attributes(attributes: &[Attribute]) -> Vec<DetailAttribute> {
    let one = |attribute: &Attribute| DetailAttribute {
        key: attribute.key.to_string(),
        r#type: match attribute.value {
            Value::Bool(_) => "bool",
            Value::I64(_) | Value::U64(_) => "int",
            Value::F64(_) => "float",
            Value::Str(_) => "text",
            Value::Bytes(_) => "bytes",
        },
        value: text_of(&attribute.value).into_owned(),
    };
    attributes.iter().map(one).collect()
}
