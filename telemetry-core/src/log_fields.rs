//! The three fields by which a log line is found from its span, and a span from its log line.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::context::SpanContext;
use crate::id::{SpanId, TraceId};
use crate::span::Span;

/// What a log line says of the span it was written in: `trace_id`, `span_id`, `trace_flags`, named and written as
/// OpenTelemetry's rules for trace context in other log formats have it.
///
/// | field | value |
/// |---|---|
/// | `trace_id` | 32 lowercase hexadecimal digits |
/// | `span_id` | 16 lowercase hexadecimal digits |
/// | `trace_flags` | `01` for a trace that is recorded, `00` for one that is not |
///
/// The integrations for `tracing` and `log` add them by themselves; where a log line is written by other means, add
/// them by hand. That works before the pipeline has started too: there are none then, but for a parent taken over
/// from another process. Displayed as `trace_id=… span_id=… trace_flags=01`.
///
/// ```
/// use telemetry_core::{LogFields, testing::Scope, trace};
///
/// #[trace]
/// fn work() -> String {
///     LogFields::current().map(|fields| fields.to_string()).unwrap_or_default()
/// }
///
/// assert_eq!(LogFields::current(), None, "there is no span here");
/// let scope = Scope::new();
/// let line = work();
/// assert_eq!(line, format!("trace_id={} span_id={} trace_flags=01", scope.spans()[0].trace_id, scope.spans()[0].span_id));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LogFields {
    trace_id: TraceId,
    span_id: SpanId,
    sampled: bool,
}

/// Whether integrations add the fields by themselves: the setting `AUTO_LOG_CORRELATION`.
static AUTOMATIC: AtomicBool = AtomicBool::new(true);

impl LogFields {
    /// The names of the fields, in their order.
    pub const NAMES: [&'static str; 3] = ["trace_id", "span_id", "trace_flags"];

    /// Those of the current span, whatever the setting says; none where there is no span.
    pub fn current() -> Option<Self> {
        Span::current().context().map(Self::of)
    }

    /// Those of the current span, for what adds them without being asked: none where there is no span, or where the
    /// setting `AUTO_LOG_CORRELATION` turns them off.
    pub fn automatic() -> Option<Self> {
        Self::is_automatic().then(Self::current).flatten()
    }

    /// Those of another span.
    pub const fn of(span: SpanContext) -> Self {
        Self { trace_id: span.trace_id, span_id: span.span_id, sampled: span.is_sampled() }
    }

    /// Whether integrations add the fields by themselves: true unless it was turned off.
    pub fn is_automatic() -> bool {
        AUTOMATIC.load(Ordering::Relaxed)
    }

    /// Lets integrations add the fields by themselves, or not: for the process, from now on. A start from settings
    /// does as `AUTO_LOG_CORRELATION` says.
    pub fn set_automatic(on: bool) {
        AUTOMATIC.store(on, Ordering::Relaxed);
    }

    /// The fields with their names, in their order.
    pub const fn pairs(self) -> [(&'static str, LogField); 3] {
        let [trace_id, span_id, trace_flags] = Self::NAMES;
        [
            (trace_id, LogField(Text::Trace(self.trace_id))),
            (span_id, LogField(Text::Span(self.span_id))),
            (trace_flags, LogField(Text::Flags(self.sampled))),
        ]
    }
}

impl fmt::Display for LogFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [(_, trace_id), (_, span_id), (_, trace_flags)] = self.pairs();
        write!(f, "trace_id={trace_id} span_id={span_id} trace_flags={trace_flags}")
    }
}

/// The value of one of the [`LogFields`]: displayed as hexadecimal digits, which no format needs to escape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LogField(Text);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Text {
    Trace(TraceId),
    Span(SpanId),
    Flags(bool),
}

impl fmt::Display for LogField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Text::Trace(id) => id.fmt(f),
            Text::Span(id) => id.fmt(f),
            Text::Flags(sampled) => f.write_str(if sampled { "01" } else { "00" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Context;

    /// A caller's span, with the random flag set (W3C level 2), which is no business of a log line's.
    fn inbound(trace_flags: u8) -> SpanContext {
        let trace_id = TraceId::new(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736).unwrap();
        SpanContext {
            trace_id,
            span_id: SpanId::new(0x00f0_67aa_0ba9_02b7).unwrap(),
            trace_flags,
            remote: true,
        }
    }

    #[test]
    fn they_are_there_before_the_start_for_a_parent_elsewhere() {
        let shown = |flags| Context::remote(inbound(flags)).run(|| LogFields::current().unwrap().to_string());
        let ids = "trace_id=4bf92f3577b34da6a3ce929d0e0e4736 span_id=00f067aa0ba902b7";
        assert_eq!(shown(3), format!("{ids} trace_flags=01"));
        assert_eq!(shown(2), format!("{ids} trace_flags=00"));
        assert_eq!(LogFields::current(), None);
    }
}
