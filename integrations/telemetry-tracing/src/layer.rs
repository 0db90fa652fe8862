//! The layer that records spans of the `tracing` crate.

use std::sync::atomic::{AtomicU64, Ordering};

use telemetry_core::record::Value;
use telemetry_core::{Context, Name, SpanBuilder, SpanContext, SpanKind, Status, TaskSpan};
use tracing_core::field::Field;
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::subscriber::Interest;
use tracing_core::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::fields::Each;
use crate::sites::{self, Known};
use crate::{entered, event};

/// Records the spans of the `tracing` crate beside those of `#[trace]`, `#[span]` and `step!`, in the same traces.
///
/// ```
/// use telemetry_core::{span, testing::Scope};
/// use telemetry_tracing::SpanLayer;
/// use tracing_subscriber::layer::SubscriberExt;
///
/// #[span]
/// fn shelve() {
///     let _query = tracing::info_span!("query", rows = 3).entered(); // as a library does
///     sort();
/// }
///
/// #[span]
/// fn sort() {}
///
/// let scope = Scope::new();
/// tracing::subscriber::with_default(tracing_subscriber::registry().with(SpanLayer::new()), shelve);
/// assert_eq!(scope.tree(), "shelve\n  query rows=3\n    sort\n");
/// ```
///
/// | of `tracing` | becomes |
/// |---|---|
/// | a span | a span of that name, level and parent; its target is the origin's module, which filters go by |
/// | a field | an attribute of its type; `Debug` and `Display` values are text, an error is text with its causes |
/// | an event | an event of the span it happens in, named by its message, with its fields, `level`, and `target` where that is not the span's |
/// | an event of level `ERROR` | besides, the failure of a span of `tracing`: `error.type` is `_OTHER` (OpenTelemetry) and `error.message` the field `error` or `err`, or the message |
/// | `follows_from` | a link |
/// | `otel.name`, `otel.kind` | name and kind, when they are given as the span is made |
/// | `otel.status_code`, `otel.status_message` | the status `OK` or `ERROR`, and the message of an error |
///
/// Parents are right in both directions, on whatever thread and in whatever poll: the current span is one, whoever
/// opened it. `parent: &span` and `parent: None` are followed; a parent that this layer has not recorded makes a
/// root. A span lasts from where it is made until its last handle is gone; a panic that unwinds through it is
/// recorded.
///
/// What is opened while a sink runs is suppressed: an exporter's own libraries are not traced. While telemetry is
/// disabled a span costs a look at its call site. Attributes and events share the span's room with all others (128
/// bytes each) and what does not fit is counted on the span; put a
/// [`LevelFilter`](tracing_subscriber::filter::LevelFilter) on the layer where a library is talkative.
///
/// [`Span::current`](telemetry_core::Span::current) gives such a span's identifiers, and takes no writes: attributes
/// are declared and recorded by `tracing`'s own means.
#[derive(Debug)]
pub struct SpanLayer {
    /// Tells the spans of one subscriber from those of another on the same thread.
    number: u64,
}

/// What is kept of a span, among its extensions.
struct Recorded {
    /// None once it has closed.
    span: Option<TaskSpan>,
    /// What is current inside it.
    context: Context,
}

impl SpanLayer {
    /// A layer, to be put on a [`Registry`](tracing_subscriber::Registry).
    pub fn new() -> Self {
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        Self { number: NUMBERS.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Default for SpanLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for SpanLayer {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if metadata.is_span() {
            sites::of(metadata);
        }
        // Whether it is recorded is asked each time: gates and filters change while the program runs.
        Interest::always()
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: layer::Context<'_, S>) {
        let Some(place) = context.span(id) else { return };
        let known = sites::of(attributes.metadata());
        let mut span = match attributes.parent().and_then(|parent| context.span(parent)) {
            Some(parent) => match context_of(&parent) {
                Some(parent) => parent.run(|| open(known, attributes, false)),
                None => open(known, attributes, true),
            },
            None => open(known, attributes, !attributes.is_contextual()),
        };
        let Some(inside) = span.context() else { return };
        if span.is_recording() {
            attributes.record(&mut Each(|field: &Field, value| write(&mut span, field, &value)));
        }
        place.extensions_mut().replace(Recorded { span: Some(span), context: inside });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: layer::Context<'_, S>) {
        let Some(place) = context.span(id) else { return };
        if !with_span(&place, |span| span.is_recording()).unwrap_or_default() {
            return;
        }
        // Read before the span is locked: the values' own code may come back to it.
        let mut read = Vec::new();
        values.record(&mut Each(|field: &Field, value| read.push((field.clone(), value))));
        with_span(&place, |span| read.iter().for_each(|(field, value)| write(span, field, value)));
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, context: layer::Context<'_, S>) {
        let before = context.span(follows).and_then(|before| context_of(&before)?.span_context());
        if let (Some(place), Some(before)) = (context.span(id), before) {
            with_span(&place, |span| span.link(before));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: layer::Context<'_, S>) {
        event::record(event, &context);
    }

    fn on_enter(&self, id: &Id, context: layer::Context<'_, S>) {
        if let Some(inside) = context.span(id).and_then(|place| context_of(&place)) {
            entered::enter(self.number, id, inside);
        }
    }

    fn on_exit(&self, id: &Id, context: layer::Context<'_, S>) {
        if entered::leave(self.number, id)
            && let Some(place) = context.span(id)
        {
            with_span(&place, TaskSpan::record_panic);
        }
    }

    fn on_close(&self, id: Id, context: layer::Context<'_, S>) {
        let Some(place) = context.span(&id) else { return };
        let closed = place.extensions_mut().get_mut::<Recorded>().and_then(|recorded| recorded.span.take());
        if let Some(mut span) = closed {
            span.complete();
        }
    }
}

/// Opens a span under what is current, or as a root.
fn open(known: &'static Known, attributes: &Attributes<'_>, root: bool) -> TaskSpan {
    let mut builder = SpanBuilder::new(&known.site);
    if root {
        builder = builder.root();
    }
    let (mut name, mut kind) = (None, None);
    if known.describes_itself {
        attributes.record(&mut Each(|field: &Field, value| match (field.name(), value) {
            ("otel.name", Value::Str(text)) => name = Some(text),
            ("otel.kind", Value::Str(text)) => kind = kind_of(&text),
            _ => {}
        }));
    }
    if let Some(name) = &name {
        builder = builder.name(Name::dynamic(name));
    }
    if let Some(kind) = kind {
        builder = builder.kind(kind);
    }
    builder.task()
}

fn kind_of(text: &str) -> Option<SpanKind> {
    use SpanKind::{Client, Consumer, Internal, Producer, Server};
    [Internal, Server, Client, Producer, Consumer]
        .into_iter()
        .find(|kind| text.eq_ignore_ascii_case(kind.as_str()))
}

/// Writes one field on a span.
fn write(span: &mut TaskSpan, field: &Field, value: &Value) {
    match (field.name(), value) {
        ("otel.name" | "otel.kind", _) => {}
        ("otel.status_code", Value::Str(code)) if code.eq_ignore_ascii_case("ok") => span.status(Status::Ok),
        ("otel.status_code", Value::Str(code)) if code.eq_ignore_ascii_case("error") => {
            span.status(Status::Error);
        }
        ("otel.status_message", Value::Str(message)) => span.fail(event::ERROR_TYPE, Some(message)),
        // What `log` records say of their place when they come through `tracing-log`.
        (name, _) if name.starts_with("log.") => {}
        _ => span.attribute(field.index(), value),
    }
}

/// What is current inside a span, if this layer has recorded or carried it.
fn context_of<R: for<'a> LookupSpan<'a>>(place: &SpanRef<'_, R>) -> Option<Context> {
    place.extensions().get::<Recorded>().map(|recorded| recorded.context)
}

/// The identifiers of a span that this layer has recorded or carried.
pub(crate) fn identity<R: for<'a> LookupSpan<'a>>(place: &SpanRef<'_, R>) -> Option<SpanContext> {
    context_of(place)?.span_context()
}

/// Runs `work` on a span that is recorded and open. `work` runs no code of the user's: the span is locked.
pub(crate) fn with_span<R: for<'a> LookupSpan<'a>, T>(
    place: &SpanRef<'_, R>,
    work: impl FnOnce(&mut TaskSpan) -> T,
) -> Option<T> {
    place.extensions_mut().get_mut::<Recorded>()?.span.as_mut().map(work)
}
