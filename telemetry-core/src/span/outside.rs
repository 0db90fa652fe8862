//! What is done with the span of a task by those that hold it, outside of its polls: for bridges from other libraries,
//! whose spans are entered on many threads at once and written from any.

use super::event::{self, EventAttributes};
use super::handle::Span;
use super::name::Name;
use super::panic;
use super::task::TaskSpan;
use super::write;
use super::writer::Held;
use crate::clock;
use crate::context::{Context, SpanContext};
use crate::pipeline::GLOBAL;

impl TaskSpan {
    /// The context inside the span, to be attached on any thread, also on many at once: what opens under it is the
    /// span's child. None where nothing was opened: telemetry is disabled, or the trace is known not to be recorded.
    pub fn context(&self) -> Option<Context> {
        if self.marked.is_unrecorded() {
            return None;
        }
        let pipeline = self.marked.kept().map_or(&GLOBAL, |kept| kept.pipeline);
        Some(Context::inside(self.marked.inside(), pipeline))
    }

    /// Records that something happened now, and what was gathered of it beforehand.
    pub fn event_gathered(&mut self, name: Name<'_>, attributes: &EventAttributes) {
        let now = self.marked.kept().map_or_else(clock::fast_ticks, |kept| kept.pipeline.timeline.ticks());
        self.writer().with_body(|body| event::gathered(body, name, now, attributes));
    }

    /// Refers to another span.
    pub fn link(&mut self, other: SpanContext) {
        self.writer().with_body(|body| write::link(body, other));
    }

    /// Records the panic that is unwinding on this thread, if there is one: for wrappers that enter the span by its
    /// context.
    pub fn record_panic(&mut self) {
        if std::thread::panicking() {
            self.writer().with_body(panic::record);
        }
    }
}

impl Span {
    /// Records that something happened now, and what was gathered of it beforehand.
    pub fn event_gathered(&self, name: Name<'_>, attributes: &EventAttributes) -> &Self {
        self.write(|local, body| event::gathered(body, name, clock::ticks(local), attributes));
        self
    }
}
