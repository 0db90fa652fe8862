//! Span records for the tests of sinks and drain.

use crate::id::{SpanId, TraceId};
use crate::record::{Attribute, Origin, Outcome, SpanKind, SpanRecord, Status, Value};

/// Midnight of 2026-01-02 in nanoseconds since the Unix epoch.
pub(crate) const EPOCH: u64 = 1_767_312_000_000_000_000;

/// A record without attributes: span number `span` of trace `trace` under `parent`, `start` after [`EPOCH`], both
/// in microseconds.
pub(crate) fn span(
    trace: u128,
    span: u64,
    parent: u64,
    name: &'static str,
    start: u64,
    micros: u64,
) -> SpanRecord {
    SpanRecord {
        trace_id: TraceId::new(trace).expect("a trace number is not zero"),
        span_id: SpanId::new(span).expect("a span number is not zero"),
        parent_span_id: SpanId::new(parent),
        local_root: parent == 0,
        trace_flags: 3,
        trace_state: None,
        name: name.into(),
        kind: SpanKind::Internal,
        start_unix_nanos: EPOCH + start * 1000,
        duration_nanos: micros * 1000,
        status: Status::Unset,
        outcome: Outcome::Completed,
        attributes: Vec::new(),
        events: Vec::new(),
        links: Vec::new(),
        dropped_attributes_count: 0,
        dropped_events_count: 0,
        dropped_links_count: 0,
        origin: &Origin { crate_name: "shop", crate_version: "1.2.3", module: "shop::db", file: "src/db.rs" },
        line: 7,
    }
}

/// An attribute with a static key.
pub(crate) fn attribute(key: &'static str, value: Value) -> Attribute {
    Attribute { key: key.into(), value }
}

/// An attribute with a text.
pub(crate) fn text(key: &'static str, value: &'static str) -> Attribute {
    attribute(key, Value::Str(value.into()))
}
