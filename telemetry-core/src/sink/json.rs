//! Spans, and parts of them, as JSON.
//!
//! Written straight into a buffer: no tree of values in between. Strings and finite numbers are left to `serde_json`.

use std::fmt::Display;

use crate::record::{Attribute, EventRecord, LinkRecord, SpanRecord, Value};

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The version of the lines' schema; it grows when a field changes its meaning or goes.
pub(super) const SCHEMA_VERSION: u32 = 1;

/// Attributes as one JSON object, as a line of [`StdoutSink`](super::StdoutSink) has them: integers stay integers, bytes
/// are base64 text, numbers that are not finite are the texts `NaN`, `Infinity` and `-Infinity`.
///
/// # Examples
/// ```
/// use telemetry_core::record::{Attribute, Value};
/// use telemetry_core::sink::json;
///
/// let pages = Attribute { key: "book.pages".into(), value: Value::U64(304) };
/// assert_eq!(json::attributes(&[pages]), "{\"book.pages\":304}");
/// ```
pub fn attributes(attributes: &[Attribute]) -> String {
    text(|out| write_attributes(out, attributes))
}

/// Events as a JSON list of `{name, time_unix_nano, attributes}`.
pub fn events(events: &[EventRecord]) -> String {
    text(|out| list(out, events, write_event))
}

/// Links as a JSON list of `{trace_id, span_id, trace_flags}`.
pub fn links(links: &[LinkRecord]) -> String {
    text(|out| list(out, links, write_link))
}

fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).expect("JSON is text")
}

/// Appends a span as one JSON object, without a line end.
pub(super) fn write_span(out: &mut Vec<u8>, span: &SpanRecord) {
    out.extend_from_slice(b"{\"schema\":");
    display(out, SCHEMA_VERSION);
    key(out, "trace_id");
    quoted(out, span.trace_id);
    key(out, "span_id");
    quoted(out, span.span_id);
    key(out, "parent_span_id");
    match span.parent_span_id {
        Some(parent) => quoted(out, parent),
        None => out.extend_from_slice(b"null"),
    }
    key(out, "name");
    string(out, &span.name);
    key(out, "kind");
    quoted(out, span.kind.as_str());
    key(out, "start_time_unix_nano");
    display(out, span.start_unix_nanos);
    key(out, "end_time_unix_nano");
    display(out, span.end_unix_nanos());
    key(out, "status");
    quoted(out, span.status.as_str());
    key(out, "outcome");
    quoted(out, span.outcome.as_str());
    key(out, "attributes");
    write_attributes(out, &span.attributes);
    key(out, "events");
    list(out, &span.events, write_event);
    key(out, "links");
    list(out, &span.links, write_link);
    for (name, count) in [
        ("dropped_attributes_count", span.dropped_attributes_count),
        ("dropped_events_count", span.dropped_events_count),
        ("dropped_links_count", span.dropped_links_count),
    ] {
        key(out, name);
        display(out, count);
    }
    key(out, "scope");
    out.extend_from_slice(b"{\"name\":");
    string(out, span.origin.crate_name);
    key(out, "version");
    string(out, span.origin.crate_version);
    out.extend_from_slice(b"}}");
}

fn write_event(out: &mut Vec<u8>, event: &EventRecord) {
    out.extend_from_slice(b"{\"name\":");
    string(out, &event.name);
    key(out, "time_unix_nano");
    display(out, event.time_unix_nanos);
    key(out, "attributes");
    write_attributes(out, &event.attributes);
    out.push(b'}');
}

fn write_link(out: &mut Vec<u8>, link: &LinkRecord) {
    out.extend_from_slice(b"{\"trace_id\":");
    quoted(out, link.trace_id);
    key(out, "span_id");
    quoted(out, link.span_id);
    key(out, "trace_flags");
    display(out, link.trace_flags);
    out.push(b'}');
}

fn write_attributes(out: &mut Vec<u8>, attributes: &[Attribute]) {
    out.push(b'{');
    for (i, attribute) in attributes.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        string(out, &attribute.key);
        out.push(b':');
        value(out, &attribute.value);
    }
    out.push(b'}');
}

fn value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Bool(v) => display(out, v),
        Value::I64(v) => display(out, v),
        Value::U64(v) => display(out, v),
        Value::F64(v) if v.is_finite() => number(out, *v),
        // JSON has no words for these; the ones of protobuf's JSON mapping are taken.
        Value::F64(v) if v.is_nan() => quoted(out, "NaN"),
        Value::F64(v) => quoted(out, if *v > 0.0 { "Infinity" } else { "-Infinity" }),
        Value::Str(v) => string(out, v),
        Value::Bytes(v) => base64(out, v),
    }
}

fn list<T>(out: &mut Vec<u8>, items: &[T], write: fn(&mut Vec<u8>, &T)) {
    out.push(b'[');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(b']');
}

/// A further key of an object, which is known to need no escape.
fn key(out: &mut Vec<u8>, key: &str) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(b"\":");
}

fn string(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("a string can be written to memory");
}

fn number(out: &mut Vec<u8>, number: f64) {
    serde_json::to_writer(out, &number).expect("a number can be written to memory");
}

fn display(out: &mut Vec<u8>, value: impl Display) {
    use std::io::Write;
    write!(out, "{value}").expect("writing to memory does not fail");
}

/// A text that is known to need no escape, in quotes.
fn quoted(out: &mut Vec<u8>, value: impl Display) {
    out.push(b'"');
    display(out, value);
    out.push(b'"');
}

/// Bytes in the standard alphabet with padding (RFC 4648, section 4), in quotes.
fn base64(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    for chunk in bytes.chunks(3) {
        let [a, b, c] = [0, 1, 2].map(|i| u32::from(chunk.get(i).copied().unwrap_or(0)));
        let bits = a << 16 | b << 8 | c;
        for (i, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            out.push(if i <= chunk.len() { BASE64[(bits >> shift & 63) as usize] } else { b'=' });
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::id::{SpanId, TraceId};
    use crate::record::{Outcome, SpanKind, Status};
    use crate::sink::fixtures::{EPOCH, attribute, span, text};

    fn parsed(span: &SpanRecord) -> Json {
        let mut out = Vec::new();
        write_span(&mut out, span);
        assert!(!out.contains(&b'\n'));
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn a_line_has_exactly_the_documented_fields() {
        let mut record = span(0xabc, 2, 1, "GET /books/{id}", 5, 20);
        record.kind = SpanKind::Server;
        record.status = Status::Error;
        record.outcome = Outcome::Failed;
        record.attributes =
            vec![text("error.type", "StoreError"), attribute("http.status_code", Value::I64(500))];
        record.events = vec![EventRecord {
            name: "retry".into(),
            time_unix_nanos: EPOCH + 7000,
            attributes: vec![attribute("attempt", Value::U64(2))],
        }];
        record.links = vec![LinkRecord {
            trace_id: TraceId::new(9).unwrap(),
            span_id: SpanId::new(8).unwrap(),
            trace_flags: 1,
            trace_state: None,
            remote: false,
        }];
        record.dropped_attributes_count = 3;
        assert_eq!(
            parsed(&record),
            json!({
                "schema": 1,
                "trace_id": "00000000000000000000000000000abc",
                "span_id": "0000000000000002",
                "parent_span_id": "0000000000000001",
                "name": "GET /books/{id}",
                "kind": "server",
                "start_time_unix_nano": EPOCH + 5000,
                "end_time_unix_nano": EPOCH + 25_000,
                "status": "error",
                "outcome": "failed",
                "attributes": {"error.type": "StoreError", "http.status_code": 500},
                "events": [{"name": "retry", "time_unix_nano": EPOCH + 7000, "attributes": {"attempt": 2}}],
                "links": [{
                    "trace_id": "00000000000000000000000000000009",
                    "span_id": "0000000000000008",
                    "trace_flags": 1,
                }],
                "dropped_attributes_count": 3,
                "dropped_events_count": 0,
                "dropped_links_count": 0,
                "scope": {"name": "shop", "version": "1.2.3"},
            })
        );
    }

    #[test]
    fn types_survive() {
        let mut record = span(1, 1, 0, "s", 0, 0);
        record.attributes = vec![
            attribute("bool", Value::Bool(true)),
            attribute("min", Value::I64(i64::MIN)),
            attribute("max", Value::U64(u64::MAX)),
            attribute("whole", Value::F64(2.0)),
            attribute("tiny", Value::F64(5e-324)),
            attribute("nan", Value::F64(f64::NAN)),
            attribute("up", Value::F64(f64::INFINITY)),
            attribute("down", Value::F64(f64::NEG_INFINITY)),
        ];
        let attributes = &parsed(&record)["attributes"];
        assert_eq!(attributes["bool"], true);
        assert_eq!(attributes["min"].as_i64(), Some(i64::MIN));
        assert_eq!(attributes["max"].as_u64(), Some(u64::MAX));
        assert!(attributes["whole"].is_f64());
        assert_eq!(attributes["tiny"].as_f64(), Some(5e-324));
        assert_eq!(attributes["nan"], "NaN");
        assert_eq!(attributes["up"], "Infinity");
        assert_eq!(attributes["down"], "-Infinity");
        assert_eq!(parsed(&record)["parent_span_id"], Json::Null);
    }

    #[test]
    fn hostile_text_stays_one_valid_line() {
        let hostile = "quote \" slash \\ line\n\r feed \u{0} \u{1b}[31m \u{2028} é 🦀";
        let mut record = span(1, 1, 0, hostile, 0, 0);
        record.attributes = vec![text(hostile, hostile)];
        let line = parsed(&record);
        assert_eq!(line["name"], hostile);
        assert_eq!(line["attributes"][hostile], hostile);
    }

    #[test]
    fn bytes_are_base64_as_in_the_vectors_of_rfc_4648() {
        for (bytes, expected) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            let mut out = Vec::new();
            base64(&mut out, bytes.as_bytes());
            assert_eq!(String::from_utf8(out).unwrap(), format!("\"{expected}\""));
        }
    }
}
