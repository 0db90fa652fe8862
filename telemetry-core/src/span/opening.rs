//! Opening spans under a parent that is given, and links.

use super::builder::SpanBuilder;
use super::guard::SpanGuard;
use super::open::Admission;
use super::site::CallSite;
use super::task::TaskSpan;
use super::write;
use super::writer::{Held, Writer};
use crate::context::{AsSpanContext, Local, SpanContext};

/// What `make` returns, which is asked only where spans of the call site are wanted.
pub fn wanted<T>(site: &'static CallSite, make: impl FnOnce() -> T) -> Option<T> {
    let admission = Local::with(|local| Admission::of(local, site));
    (admission != Admission::Off).then(make)
}

/// Opens a span for this scope under `parent`, which is asked only where the span is wanted; under what is current if
/// that is none.
pub fn open_under(site: &'static CallSite, parent: impl FnOnce() -> Option<SpanContext>) -> SpanGuard {
    under(site, parent).enter()
}

/// Opens a span for a future in the same way; it is entered at each poll.
pub fn open_task_under(site: &'static CallSite, parent: impl FnOnce() -> Option<SpanContext>) -> TaskSpan {
    under(site, parent).task()
}

fn under(site: &'static CallSite, parent: impl FnOnce() -> Option<SpanContext>) -> SpanBuilder<'static> {
    let builder = SpanBuilder::new(site);
    wanted(site, parent).flatten().map_or(builder, |parent| builder.parent(parent))
}

/// The identifiers of what stands for a span.
pub fn context_of(span: &(impl AsSpanContext + ?Sized)) -> Option<SpanContext> {
    span.as_span_context()
}

impl SpanGuard {
    /// Refers to other spans, if it records.
    pub fn links(&mut self, others: Option<impl IntoIterator<Item: AsSpanContext>>) {
        self.writer().links(others);
    }
}

impl TaskSpan {
    /// Refers to other spans, if it records.
    pub fn links(&mut self, others: Option<impl IntoIterator<Item: AsSpanContext>>) {
        self.writer().links(others);
    }
}

impl Writer {
    fn links(self, others: Option<impl IntoIterator<Item: AsSpanContext>>) {
        let others = others.filter(|_| self.is_recording());
        for other in others.into_iter().flatten().filter_map(|other| other.as_span_context()) {
            self.with_body(|body| write::link(body, other));
        }
    }
}
