//! The lines of the file.

use std::fmt::Display;

use crate::record::{Attribute, EventRecord, SpanRecord, Value};

use crate::sink::json;

/// The one process of the file.
const PROCESS: u32 = 1;
/// Time is counted from so long before the first span, so that one that comes late and began earlier is not before it.
const AHEAD_NANOS: u64 = 3_600 * 1_000_000_000;

/// Lines that wait to be written; each begins with the comma that parts it from the one before.
#[derive(Debug, Default)]
pub(super) struct Writer {
    waiting: Vec<u8>,
    process: String,
    /// What time is counted from, in nanoseconds since the Unix epoch, once there is a span.
    origin: Option<u64>,
}

impl Writer {
    pub(super) fn name_process(&mut self, name: &str) {
        name.clone_into(&mut self.process);
    }

    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.waiting)
    }

    /// A span with its events, in a lane.
    pub(super) fn span(&mut self, span: &SpanRecord, lane: usize) {
        let origin = self.origin_before(span.start_unix_nanos);
        let text =
            |key: &'static str, value: String| Attribute { key: key.into(), value: Value::Str(value.into()) };
        let mut arguments = span.attributes.clone();
        arguments.push(text("trace_id", span.trace_id.to_string()));
        arguments.push(text("span_id", span.span_id.to_string()));
        arguments.extend(span.parent_span_id.map(|parent| text("parent_span_id", parent.to_string())));
        arguments.push(text("status", span.status.as_str().to_owned()));
        arguments.push(text("outcome", span.outcome.as_str().to_owned()));
        let duration = format_args!(",\"dur\":{}", Micros(span.duration_nanos));
        let place = Place { origin, lane, category: span.origin.crate_name };
        self.line('X', &span.name, place, span.start_unix_nanos, duration, &arguments);
        for event in &span.events {
            self.event(event, place);
        }
    }

    fn event(&mut self, event: &EventRecord, place: Place<'_>) {
        self.line('i', &event.name, place, event.time_unix_nanos, ",\"s\":\"t\"", &event.attributes);
    }

    fn line(
        &mut self,
        phase: char,
        name: &str,
        place: Place<'_>,
        time_unix_nanos: u64,
        more: impl Display,
        arguments: &[Attribute],
    ) {
        let (name, category) = (quoted(name), quoted(place.category));
        let (time, lane) = (Micros(time_unix_nanos.saturating_sub(place.origin)), place.lane);
        let arguments = json::attributes(arguments);
        self.push(format_args!(
            "{{\"ph\":\"{phase}\",\"name\":{name},\"cat\":{category},\"pid\":{PROCESS},\"tid\":{lane},\"ts\":{time}{more},\"args\":{arguments}}}"
        ));
    }

    /// What time is counted from; the first time it is asked for, the process is described too.
    fn origin_before(&mut self, first_unix_nanos: u64) -> u64 {
        if let Some(origin) = self.origin {
            return origin;
        }
        let origin = first_unix_nanos.saturating_sub(AHEAD_NANOS);
        self.origin = Some(origin);
        let (name, label) = (quoted(&self.process), quoted(&format!("time 0 is {origin} ns since 1970")));
        for (what, arguments) in
            [("process_name", format!("\"name\":{name}")), ("process_labels", format!("\"labels\":{label}"))]
        {
            self.push(format_args!(
                "{{\"ph\":\"M\",\"name\":\"{what}\",\"pid\":{PROCESS},\"args\":{{{arguments}}}}}"
            ));
        }
        origin
    }

    fn push(&mut self, line: impl Display) {
        use std::io::Write;
        write!(self.waiting, ",\n{line}").expect("writing to memory does not fail");
    }
}

/// What the lines of one span share.
#[derive(Clone, Copy)]
struct Place<'a> {
    origin: u64,
    lane: usize,
    category: &'a str,
}

/// A text as JSON.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string can be written to memory")
}

/// Nanoseconds as microseconds with three decimals.
struct Micros(u64);

impl Display for Micros {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}
