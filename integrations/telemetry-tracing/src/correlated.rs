//! A formatter around another one, which adds the identifiers of the current span to its lines.

use std::fmt;

use telemetry_core::{LogFields, LogRequest};
use tracing_core::{Event, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::registry::LookupSpan;

use crate::layer::identity;
use crate::line::{self, Added};

/// A formatter of log lines that adds `trace_id`, `span_id` and `trace_flags` to what another formatter writes, and
/// `request_id` where the thread works on a request that has an identifier ([`LogRequest`]).
///
/// It runs last and overwrites nothing: a field of that name that the line has already stays, alone.
///
/// ```
/// use tracing_subscriber::fmt::format;
/// use telemetry_tracing::Correlated;
///
/// // Around a formatter that is there,
/// tracing_subscriber::fmt().json().flatten_event(true).map_event_format(Correlated::json).finish();
/// // or one of its own.
/// tracing_subscriber::fmt().event_format(Correlated::text(format().compact().with_ansi(false))).finish();
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Correlated<F> {
    inner: F,
    shape: Shape,
}

/// What the lines look like.
#[derive(Clone, Copy, Debug)]
enum Shape {
    Json,
    Text,
}

impl<F> Correlated<F> {
    /// Around a formatter of JSON objects, one a line: `tracing-subscriber`'s or any other. The fields are added at
    /// the end of the object, at the top level. A line that is no object stays as it is.
    pub const fn json(inner: F) -> Self {
        Self { inner, shape: Shape::Json }
    }

    /// Around a formatter of text for people: `trace_id=… span_id=… trace_flags=01` is added at the end of the line,
    /// but for those of the event's own fields.
    ///
    /// Lines are coloured only where the inner formatter was told so itself
    /// ([`Format::with_ansi`](tracing_subscriber::fmt::format::Format::with_ansi)).
    pub const fn text(inner: F) -> Self {
        Self { inner, shape: Shape::Text }
    }
}

impl<S, N, F> FormatEvent<S, N> for Correlated<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut formatted = String::new();
        self.inner.format_event(context, Writer::new(&mut formatted), event)?;
        // Asked for last: what the formatter calls may open and end spans.
        let added = added_to(context, event);
        if !added.is_nothing() {
            match self.shape {
                Shape::Json => line::append_json(&mut formatted, &added),
                Shape::Text => {
                    let own = event.metadata().fields();
                    line::append_text(&mut formatted, &added, |name| own.field(name).is_some());
                }
            }
        }
        writer.write_str(&formatted)
    }
}

/// The fields of the span an event names as its parent, else of the current one, and the identifier of the request.
fn added_to<S, N>(context: &FmtContext<'_, S, N>, event: &Event<'_>) -> Added
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    if !LogFields::is_automatic() {
        return Added::default();
    }
    let parent = event.parent().and_then(|parent| identity(&context.span(parent)?));
    let fields = parent.map(LogFields::of).or_else(LogFields::current);
    Added { fields, request: LogRequest::current() }
}
