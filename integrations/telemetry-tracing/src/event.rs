//! Events of `tracing` on the span they happen in.

use telemetry_core::record::Value;
use telemetry_core::{EventAttributes, Name, Span};
use tracing_core::field::Field;
use tracing_core::{Event, Level, Subscriber};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::fields::Each;
use crate::layer::{identity, with_span};
use crate::sites;

/// The type of an error of which only the text is known (OpenTelemetry's fallback for `error.type`).
pub(crate) const ERROR_TYPE: &str = "_OTHER";

/// The span an event belongs to.
enum Place<'a, S: for<'l> LookupSpan<'l>> {
    /// One of ours, current on this thread.
    Ours(Span),
    /// One of `tracing`.
    Theirs(SpanRef<'a, S>),
}

/// Records an event on its span, if that is recorded.
pub(crate) fn record<S: Subscriber + for<'l> LookupSpan<'l>>(event: &Event<'_>, context: &Context<'_, S>) {
    let Some(place) = place_of(event, context) else { return };
    let metadata = event.metadata();
    let (mut message, mut error) = (None, None);
    // Gathered before the span is locked: the fields' own code may come back to it.
    let attributes = EventAttributes::gather(|attributes| {
        attributes.set("level", Value::Str(sites::level(*metadata.level()).as_str().into()));
        let is_known = matches!(&place, Place::Theirs(span) if span.metadata().target() == metadata.target());
        if !is_known {
            attributes.set("target", Value::Str(metadata.target().into()));
        }
        event.record(&mut Each(|field: &Field, value| match (field.name(), value) {
            ("message", Value::Str(text)) => message = Some(text),
            (name, _) if name.starts_with("log.") => {}
            (name, value) => {
                if let ("error" | "err", Value::Str(text)) = (name, &value) {
                    error = Some(text.clone());
                }
                attributes.set(name, value);
            }
        }));
    });
    let name = message.as_deref().map_or(Name::of(metadata.name()), Name::dynamic);
    match place {
        Place::Ours(span) => {
            span.event_gathered(name, &attributes);
        }
        Place::Theirs(place) => {
            let failure = error.as_ref().or(message.as_ref());
            with_span(&place, |span| {
                span.event_gathered(name, &attributes);
                if *metadata.level() == Level::ERROR {
                    span.fail(ERROR_TYPE, failure.map(|text| text as &dyn std::fmt::Display));
                }
            });
        }
    }
}

/// Where an event belongs: to the parent it names, else to the innermost span of the thread, whoever opened it.
/// None where that is not recorded.
fn place_of<'a, S: Subscriber + for<'l> LookupSpan<'l>>(
    event: &Event<'_>,
    context: &'a Context<'_, S>,
) -> Option<Place<'a, S>> {
    let place = if let Some(parent) = event.parent() {
        context.span(parent)?
    } else if event.is_root() {
        return None;
    } else {
        let current = Span::current();
        if current.is_recording() {
            return Some(Place::Ours(current));
        }
        // Another span of `tracing` may be entered around a context of another thread, which takes no events.
        let innermost = context.lookup_current()?;
        let is_current = identity(&innermost).is_some_and(|theirs| Some(theirs) == current.context());
        is_current.then_some(innermost)?
    };
    with_span(&place, |span| span.is_recording())?.then_some(Place::Theirs(place))
}
