//! `ExportTraceServiceRequest` and what is in it.

use telemetry_core::record::{EventRecord, LinkRecord, Outcome, SpanKind, SpanRecord, Status, Value};
use telemetry_core::resource::Resource;

use super::common::{attributes, by_scope, key_text, key_value, resource, scope};
use super::{Encode, Scalar, field};

/// The two bits of `Span.flags` and `Link.flags` above the W3C ones (`SpanFlags` of OTLP): whether it is known that the
/// parent, or the span a link leads to, is remote, and that it is.
const HAS_IS_REMOTE: u32 = 0x100;
const IS_REMOTE: u32 = 0x200;

/// Encodes a request with these spans.
pub(crate) fn request<E: Encode>(of: &Resource, spans: &[SpanRecord]) -> Vec<u8> {
    E::encode(|out| {
        out.messages(field(1, "resourceSpans"), [spans], |out, spans| {
            resource(out, of);
            let scopes = by_scope(spans, |span| (span.origin.crate_name, span.origin.crate_version));
            out.messages(field(2, "scopeSpans"), scopes, |out, ((name, version), spans)| {
                scope(out, name, version);
                out.messages(field(2, "spans"), spans, span);
            });
        });
    })
}

fn span<E: Encode>(out: &mut E, span: &SpanRecord) {
    out.scalar(field(1, "traceId"), Scalar::Id(&span.trace_id.to_bytes()));
    out.scalar(field(2, "spanId"), Scalar::Id(&span.span_id.to_bytes()));
    trace_state(out, span.trace_state.as_deref());
    if let Some(parent) = span.parent_span_id {
        out.scalar(field(4, "parentSpanId"), Scalar::Id(&parent.to_bytes()));
    }
    out.scalar(field(16, "flags"), Scalar::Fixed32(flags(span.trace_flags, span.has_remote_parent())));
    out.scalar(field(5, "name"), Scalar::String(&span.name));
    out.scalar(field(6, "kind"), Scalar::Enum(kind(span.kind)));
    out.scalar(field(7, "startTimeUnixNano"), Scalar::Fixed64(span.start_unix_nanos));
    out.scalar(field(8, "endTimeUnixNano"), Scalar::Fixed64(span.end_unix_nanos()));
    span_attributes(out, span);
    out.scalar(field(10, "droppedAttributesCount"), Scalar::UInt32(span.dropped_attributes_count));
    out.messages(field(11, "events"), &span.events, event);
    out.scalar(field(12, "droppedEventsCount"), Scalar::UInt32(span.dropped_events_count));
    out.messages(field(13, "links"), &span.links, link);
    out.scalar(field(14, "droppedLinksCount"), Scalar::UInt32(span.dropped_links_count));
    if span.status != Status::Unset {
        out.message(field(15, "status"), |out| status(out, span));
    }
}

/// The span's own attributes, and the outcome where neither the status nor an attribute shows it.
fn span_attributes<E: Encode>(out: &mut E, span: &SpanRecord) {
    let field = field(9, "attributes");
    match span.outcome {
        Outcome::Completed | Outcome::Failed => attributes(out, field, &span.attributes),
        Outcome::Panicked | Outcome::Cancelled | Outcome::NeverPolled => {
            out.messages(field, span.attributes.iter().map(Some).chain([None]), |out, attribute| {
                match attribute {
                    Some(attribute) => key_value(out, attribute),
                    None => key_text(out, "telemetry.outcome", span.outcome.as_str()),
                }
            });
        }
    }
}

fn event<E: Encode>(out: &mut E, event: &EventRecord) {
    out.scalar(field(1, "timeUnixNano"), Scalar::Fixed64(event.time_unix_nanos));
    out.scalar(field(2, "name"), Scalar::String(&event.name));
    attributes(out, field(3, "attributes"), &event.attributes);
}

fn link<E: Encode>(out: &mut E, link: &LinkRecord) {
    out.scalar(field(1, "traceId"), Scalar::Id(&link.trace_id.to_bytes()));
    out.scalar(field(2, "spanId"), Scalar::Id(&link.span_id.to_bytes()));
    trace_state(out, link.trace_state.as_deref());
    out.scalar(field(6, "flags"), Scalar::Fixed32(flags(link.trace_flags, link.remote)));
}

/// A `Status`: only an error has a message, as the standard asks.
fn status<E: Encode>(out: &mut E, span: &SpanRecord) {
    if span.status == Status::Error
        && let Some(Value::Str(message)) = span.attribute("error.message")
    {
        out.scalar(field(2, "message"), Scalar::String(message));
    }
    out.scalar(field(3, "code"), Scalar::Enum(span.status as u32));
}

/// The field `traceState`, which a span and a link have under the same number.
fn trace_state<E: Encode>(out: &mut E, state: Option<&str>) {
    out.scalar(field(3, "traceState"), Scalar::String(state.unwrap_or_default()));
}

/// The W3C flags, and whether the parent, or the span a link leads to, is in another process.
fn flags(of_trace: u8, is_remote: bool) -> u32 {
    let remote = if is_remote { IS_REMOTE } else { 0 };
    u32::from(of_trace) | HAS_IS_REMOTE | remote
}

/// The number of a kind; 0 would be unspecified.
const fn kind(kind: SpanKind) -> u32 {
    match kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}
