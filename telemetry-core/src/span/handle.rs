//! The handle of a span: who may write to it and when.

use std::fmt;

use super::access::Access;
use super::arena::{Key, Packed};
use super::event::{self, EventName, EventWriter, Scratch};
use super::site::CallSite;
use super::value::{AttributeValue, Entry};
use super::write::{self, Formatted};
use crate::clock;
use crate::context::{Current, Local, SpanContext, flag};
use crate::propagate::{Baggage, TraceState, kept};
use crate::record::{Outcome, Status};
use crate::ring::Body;

/// A handle of a span. Costs nothing to copy and keeps nothing alive.
///
/// It writes only while the span is entered on the calling thread: inside its guard's scope, or inside a poll of its
/// future. A write from elsewhere or after the end goes nowhere and is counted as late; a write to a span that is not
/// recorded goes nowhere.
///
/// A span holds 128 bytes of attributes and links, and 128 of events. A key takes seven of them with the type (two where
/// the macros or [`SpanGuard::attribute`](crate::SpanGuard::attribute) name it by number), then numbers take as many as
/// they need, up to eight, and text and bytes one more than their length. What does not fit is left out whole and
/// counted on the span; only `error.message`, `http.url`, `http.user_agent` and `db.statement` are cut, at a character,
/// with `…` behind them. A key that is set again keeps the last value.
#[derive(Clone, Copy)]
pub struct Span {
    current: Current,
}

// SAFETY: the slot behind the pointer lives as long as the process, and every use asks first whether the calling
// thread has entered the span.
#[allow(unsafe_code, reason = "the raw slot pointer is checked at each use")]
unsafe impl Send for Span {}
// SAFETY: as for `Send`.
#[allow(unsafe_code, reason = "the raw slot pointer is checked at each use")]
unsafe impl Sync for Span {}

impl Span {
    #[inline]
    pub(super) const fn of(current: Current) -> Self {
        Self { current }
    }

    /// The current span of this thread; one that takes no writes when there is none.
    #[inline(always)]
    pub fn current() -> Self {
        if cfg!(feature = "off") {
            return super::off::NO_SPAN;
        }
        Self { current: Local::here().current() }
    }

    /// Its identifiers; none when there is no span.
    pub fn context(&self) -> Option<SpanContext> {
        self.current.span_context()
    }

    /// What the systems that its trace has passed have noted about it, and our own note of how it was sampled; empty
    /// when there is no span.
    pub fn trace_state(&self) -> TraceState {
        self.current.trace_state()
    }

    /// The baggage that is current inside it.
    pub fn baggage(&self) -> Baggage {
        kept::baggage(self.current.trace(), flag::state(self.current.flags))
    }

    /// Whether writes to it are kept: it has a slot and has not been dropped or left unsampled.
    #[inline]
    pub fn is_recording(&self) -> bool {
        !self.current.slot.is_null()
    }

    /// Records text by copying it.
    #[inline]
    pub fn str(&self, key: &'static str, value: &str) -> &Self {
        self.put(key, Packed::Str(value))
    }

    /// Records static text by reference, whatever its length: six bytes, twelve where the text lies in another library
    /// that was loaded.
    #[inline]
    pub fn static_str(&self, key: &'static str, value: &'static str) -> &Self {
        self.put(key, Packed::Static(value))
    }

    /// Records a signed integer.
    #[inline]
    pub fn i64(&self, key: &'static str, value: i64) -> &Self {
        self.put(key, Packed::I64(value))
    }

    /// Records an unsigned integer.
    #[inline]
    pub fn u64(&self, key: &'static str, value: u64) -> &Self {
        self.put(key, Packed::U64(value))
    }

    /// Records a floating-point number.
    #[inline]
    pub fn f64(&self, key: &'static str, value: f64) -> &Self {
        self.put(key, Packed::F64(value))
    }

    /// Records a boolean.
    #[inline]
    pub fn bool(&self, key: &'static str, value: bool) -> &Self {
        self.put(key, Packed::Bool(value))
    }

    /// Records bytes by copying them.
    #[inline]
    pub fn bytes(&self, key: &'static str, value: &[u8]) -> &Self {
        self.put(key, Packed::Bytes(value))
    }

    /// Records a value of any type that can be an attribute; the same output as the typed setters.
    #[inline]
    pub fn set(&self, key: &'static str, value: impl AttributeValue) -> &Self {
        if self.is_recording() {
            value.record(Entry::span(self.access(), Key::Static(key)));
        }
        self
    }

    /// Records what `value` displays: at most 128 bytes of it, on the way to the room there is. A panic of its `Display`
    /// stays here, and the attribute is counted as one that did not fit.
    pub fn display(&self, key: &'static str, value: impl fmt::Display) -> &Self {
        if self.is_recording() {
            let text = Formatted::new(format_args!("{value}"));
            self.write(|_, body| write::formatted(body, Key::Static(key), &text));
        }
        self
    }

    /// Records how `value` looks to a programmer, as [`display`](Self::display) does.
    pub fn debug(&self, key: &'static str, value: impl fmt::Debug) -> &Self {
        if self.is_recording() {
            let text = Formatted::new(format_args!("{value:?}"));
            self.write(|_, body| write::formatted(body, Key::Static(key), &text));
        }
        self
    }

    /// Records that something happened now. The name is kept by reference; twelve such events fit in a span.
    #[inline(always)]
    pub fn event(&self, name: &'static str) -> &Self {
        self.write(|local, body| event::plain(body, name, clock::ticks(local)));
        self
    }

    /// Records that something happened now, under a name of run time; it is cut to 64 bytes, and takes seven more.
    #[inline]
    pub fn event_dynamic(&self, name: &str) -> &Self {
        self.write(|local, body| {
            event::event(body, &EventName::Dynamic(name), clock::ticks(local), None);
        });
        self
    }

    /// Records that something happened now, and what is known of it. The closure runs only when the span records.
    ///
    /// ```
    /// use telemetry_core::Span;
    /// Span::current().event_with("cache.miss", |event| {
    ///     event.set("key", "book:7").set("size", 3);
    /// });
    /// ```
    pub fn event_with(&self, name: &'static str, attributes: impl FnOnce(&mut EventWriter<'_>)) -> &Self {
        if self.is_recording() {
            let mut scratch = Scratch::new();
            let unfinished = Unfinished(self.access());
            attributes(&mut EventWriter { scratch: &mut scratch });
            std::mem::forget(unfinished);
            self.write(|local, body| {
                event::event(body, &EventName::Static(name), clock::ticks(local), Some(&scratch));
            });
        }
        self
    }

    /// Sets the status; ok beats error beats unset.
    #[inline]
    pub fn status(&self, status: Status) -> &Self {
        self.write(|_, body| write::status(body, status));
        self
    }

    /// Records that the work failed: status error, `error.type` and `error.message`. There is always room for them, though
    /// the message may be cut; a later failure takes the place of an earlier one.
    pub fn fail(&self, error_type: &'static str, message: impl fmt::Display) -> &Self {
        if self.is_recording() {
            let text = Formatted::new(format_args!("{message}"));
            self.write(|_, body| write::failure(body, Outcome::Failed, error_type, Some(&text)));
        }
        self
    }

    /// Refers to another span: 26 of the 128 bytes for attributes. Counted on the span where it does not fit.
    #[inline]
    pub fn link(&self, other: SpanContext) -> &Self {
        self.write(|_, body| write::link(body, other));
        self
    }

    /// Records the attribute with this number among the keys of the span's own call site. For setters that macros make.
    #[doc(hidden)]
    #[inline]
    pub fn declared<V: AttributeValue + ?Sized>(&self, site: &'static CallSite, key: usize, value: &V) {
        if self.is_recording() {
            value.record(Entry::span(self.access(), Key::of(site, key)));
        }
    }

    #[inline(always)]
    fn put(&self, key: &'static str, value: Packed<'_>) -> &Self {
        self.write(|_, body| write::attribute(body, Key::Static(key), value));
        self
    }

    #[inline(always)]
    const fn access(&self) -> Access {
        Access::Handle(self.current.slot, self.current.span_id)
    }

    #[inline(always)]
    pub(super) fn write(&self, write: impl FnOnce(&Local, &mut Body)) {
        self.access().write(write);
    }
}

/// Counts the event whose attributes panicked.
struct Unfinished(Access);

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.0.write(|_, body| body.dropped_events = body.dropped_events.saturating_add(1));
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Span").field(&self.current.span_context()).finish()
    }
}
