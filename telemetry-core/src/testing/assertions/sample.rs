//! Spans made by hand for the tests beside.

use crate::id::{SpanId, TraceId};
use crate::record::{Origin, Outcome, SpanKind, SpanRecord, Status};

/// A plain span of trace 1 that starts at the time of its identifier.
pub(in crate::testing) fn span(name: &'static str, id: u64, parent: Option<u64>) -> SpanRecord {
    SpanRecord {
        trace_id: TraceId::new(1).unwrap(),
        span_id: SpanId::new(id).unwrap(),
        parent_span_id: parent.and_then(SpanId::new),
        local_root: parent.is_none(),
        trace_flags: 1,
        trace_state: None,
        name: name.into(),
        kind: SpanKind::Internal,
        start_unix_nanos: id,
        duration_nanos: 0,
        status: Status::Unset,
        outcome: Outcome::Completed,
        attributes: Vec::new(),
        events: Vec::new(),
        links: Vec::new(),
        dropped_attributes_count: 0,
        dropped_events_count: 0,
        dropped_links_count: 0,
        origin: &Origin { crate_name: "books", crate_version: "1.0.0", module: "books", file: "books.rs" },
        line: 1,
    }
}
