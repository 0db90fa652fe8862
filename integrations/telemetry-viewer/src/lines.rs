//! Spans from JSON lines, as `StdoutSink` writes them.

use serde::Deserialize;
use telemetry_core::record::SpanRecord;
use telemetry_core::{Origin, SpanKind};

use crate::json::{Event, Link, Pairs, span_id, trace_id};
use crate::words;

/// A line does not say where in the code its span was opened.
static ELSEWHERE: Origin = Origin { crate_name: "", crate_version: "", module: "", file: "" };

/// What a line has, beside what a record cannot hold: the schema and the scope.
#[derive(Deserialize)]
struct Line {
    trace_id: String,
    span_id: String,
    parent_span_id: Option<String>,
    name: String,
    kind: String,
    start_time_unix_nano: u64,
    end_time_unix_nano: u64,
    status: String,
    outcome: String,
    attributes: Pairs,
    events: Vec<Event>,
    links: Vec<Link>,
    dropped_attributes_count: u32,
    dropped_events_count: u32,
    dropped_links_count: u32,
}

/// The span of a line; none where the line is something else, such as a log line between spans. What stands before the
/// object, as a prefix does, is passed over.
///
/// A line does not say whether its span is the first of its trace in its process, so that is taken to be so for spans
/// without a parent, and for those that serve a request or take over a message. Its origin is empty.
///
/// # Examples
/// ```
/// use telemetry_viewer::lines::span_of_line;
///
/// let line = r#"app: {"schema":1,"trace_id":"000000000000000000000000000000aa","span_id":"0000000000000001",
///     "parent_span_id":null,"name":"GET /books","kind":"server","start_time_unix_nano":5,"end_time_unix_nano":9,
///     "status":"unset","outcome":"completed","attributes":{"book.id":17},"events":[],"links":[],
///     "dropped_attributes_count":0,"dropped_events_count":0,"dropped_links_count":0,"scope":{"name":"","version":""}}"#;
/// let span = span_of_line(line).unwrap();
/// assert_eq!((&*span.name, span.duration_nanos, span.local_root), ("GET /books", 4, true));
/// assert!(span_of_line("listening on 127.0.0.1:8080").is_none());
/// ```
pub fn span_of_line(line: &str) -> Option<SpanRecord> {
    let object = &line[line.find("{\"schema\":")?..];
    let line: Line = serde_json::from_str(object).ok()?;
    let parent_span_id = line.parent_span_id.as_deref().and_then(span_id);
    let kind = words::kind(&line.kind);
    Some(SpanRecord {
        trace_id: trace_id(&line.trace_id)?,
        span_id: span_id(&line.span_id)?,
        parent_span_id,
        local_root: parent_span_id.is_none() || matches!(kind, SpanKind::Server | SpanKind::Consumer),
        trace_flags: 1,
        trace_state: None,
        name: line.name.into(),
        kind,
        start_unix_nanos: line.start_time_unix_nano,
        duration_nanos: line.end_time_unix_nano.saturating_sub(line.start_time_unix_nano),
        status: words::status(&line.status),
        outcome: words::outcome(&line.outcome),
        attributes: line.attributes.0,
        events: line.events.into_iter().map(Event::record).collect(),
        links: line.links.iter().filter_map(Link::record).collect(),
        dropped_attributes_count: line.dropped_attributes_count,
        dropped_events_count: line.dropped_events_count,
        dropped_links_count: line.dropped_links_count,
        origin: &ELSEWHERE,
        line: 0,
    })
}
