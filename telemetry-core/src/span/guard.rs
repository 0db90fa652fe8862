//! The guard of a span that covers a scope.

use std::fmt;
use std::ptr;
use std::sync::atomic::Ordering;

use super::access::Access;
use super::arena::Key;
use super::handle::Span;
use super::open::Opened;
use super::site::CallSite;
use super::value::{AttributeValue, Entry};
use super::write::Formatted;
use super::{bits, panic, write};
use crate::clock;
use crate::context::{Current, Local, flag};
use crate::pipeline::{GLOBAL, Pipeline};
use crate::record::{Outcome, Status};
use crate::ring::{Body, Slot, state};

/// A span that is open for as long as this guard lives, and current on its thread.
///
/// Dropping it ends the span and makes the span before it current again. A guard dropped out of order ends its own
/// span only. A panic that unwinds through it is recorded. Bound to its thread, so the compiler refuses to hold it
/// across an `.await` in a task that may move.
#[must_use = "the span ends as soon as its guard is dropped"]
pub struct SpanGuard {
    /// The span's slot; null when it is not recorded.
    slot: *const Slot,
    /// The span's identifier; zero when nothing was opened.
    span_id: u64,
    outer_span_id: u64,
    outer_slot: *const Slot,
    site: &'static CallSite,
    pipeline: &'static Pipeline,
    /// What the plain child of a recorded span does not need, for it shares its parent's trace.
    more: Option<More>,
}

/// What is kept of local roots, unrecorded spans, and spans opened during a panic.
#[derive(Clone, Copy)]
struct More {
    inside: Current,
    outside: Current,
    /// Opened by a destructor while a panic was unwinding: that panic is not this span's.
    opened_in_panic: bool,
    /// The innermost frame when it was opened.
    frame: u64,
}

impl SpanGuard {
    /// No span.
    #[inline(always)]
    pub(super) const fn nothing(site: &'static CallSite) -> Self {
        Self {
            slot: ptr::null(),
            span_id: 0,
            outer_span_id: 0,
            outer_slot: ptr::null(),
            site,
            pipeline: &GLOBAL,
            more: None,
        }
    }

    /// Makes a child of the current span current.
    #[inline(always)]
    pub(super) fn enter_child(
        local: &Local,
        site: &'static CallSite,
        outer: &Current,
        inside: Current,
    ) -> Self {
        local.set_span(inside.span_id, inside.slot);
        Self {
            slot: inside.slot,
            span_id: inside.span_id,
            outer_span_id: outer.span_id,
            outer_slot: outer.slot,
            site,
            pipeline: local.pipeline.get(),
            more: None,
        }
    }

    /// Makes a span current, whatever its trace.
    pub(super) fn enter(local: &Local, site: &'static CallSite, opened: Opened) -> Self {
        let inside = opened.inside;
        if inside.span_id == 0 {
            return Self::nothing(site);
        }
        let outside = local.replace_current(inside);
        Self {
            slot: inside.slot,
            span_id: inside.span_id,
            outer_span_id: outside.span_id,
            outer_slot: outside.slot,
            site,
            pipeline: local.pipeline.get(),
            more: Some(More {
                inside,
                outside,
                opened_in_panic: std::thread::panicking(),
                frame: local.frame.get(),
            }),
        }
    }

    /// What is current inside. A plain child's trace stands in its slot.
    #[allow(unsafe_code, reason = "the guard's slot is read in place")]
    fn inside(&self) -> Current {
        if let Some(more) = self.more {
            return more.inside;
        }
        // SAFETY: the pointer is null or a slot of a ring, which is never freed.
        let Some(slot) = (unsafe { self.slot.as_ref() }) else { return Current::NONE };
        // SAFETY: the span is open and this thread is the only one that writes it.
        let (word, body) =
            (slot.site.with(|word| unsafe { *word }), slot.body.with(|body| unsafe { &*body }));
        let random = if body.bits & bits::RANDOM == 0 { 0 } else { flag::RANDOM };
        Current {
            trace_high: body.trace_high,
            trace_low: body.trace_low,
            span_id: self.span_id,
            slot: self.slot,
            flags: flag::ACTIVE | flag::SAMPLED | random | (word & 0xff) << flag::EPOCH_SHIFT,
        }
    }

    /// Whether the span has a slot: false when it is disabled, unsampled or dropped.
    #[inline(always)]
    pub fn is_recording(&self) -> bool {
        !self.slot.is_null()
    }

    /// The handle of the span, to write to it from anywhere on this thread while it is open.
    pub fn handle(&self) -> Span {
        if self.span_id == 0 {
            // Where nothing was opened, what is current takes no writes through this handle.
            return Span::of(Local::with(Local::current).without_slot());
        }
        Span::of(self.inside())
    }

    /// Records the attribute with the call site's key of this number.
    #[inline(always)]
    pub fn attribute<V: AttributeValue + ?Sized>(&mut self, key: usize, value: &V) {
        let keys = self.site.site.keys;
        if self.is_recording() {
            value.record(Entry::span(Access::Owner(self.slot), Key::of_site(key, keys)));
        }
    }

    /// Records what `value` displays.
    pub fn attribute_display(&mut self, key: usize, value: &dyn fmt::Display) {
        if self.is_recording() {
            let key = Key::of_site(key, self.site.site.keys);
            let text = Formatted::new(format_args!("{value}"));
            self.with_body(|body| write::formatted(body, key, &text));
        }
    }

    /// Records how `value` looks to a programmer.
    pub fn attribute_debug(&mut self, key: usize, value: &dyn fmt::Debug) {
        if self.is_recording() {
            let key = Key::of_site(key, self.site.site.keys);
            let text = Formatted::new(format_args!("{value:?}"));
            self.with_body(|body| write::formatted(body, key, &text));
        }
    }

    /// Records that the work failed.
    pub fn fail(&mut self, error_type: &'static str, message: Option<&dyn fmt::Display>) {
        if self.is_recording() {
            let text = message.map(|message| Formatted::new(format_args!("{message}")));
            self.with_body(|body| write::failure(body, Outcome::Failed, error_type, text.as_ref()));
        }
    }

    /// Sets the status; ok beats error beats unset.
    pub fn status(&mut self, status: Status) {
        self.with_body(|body| write::status(body, status));
    }

    #[inline(always)]
    fn with_body(&mut self, write: impl FnOnce(&mut Body)) {
        Access::Owner(self.slot).write(|_, body| write(body));
    }
}

/// Ends a span: its end, then its slot to the consumer.
#[inline(always)]
#[allow(unsafe_code, reason = "the slot is written one last time")]
pub(super) fn close(slot: &Slot, end: u64) {
    slot.body.with_mut(|body| {
        // SAFETY: the caller holds the slot's token, and gives it up in the next line.
        unsafe { (*body).end = end };
    });
    // Release: pairs with the consumer's Acquire load; the whole body is visible with it.
    slot.owner.store(state::COMPLETE, Ordering::Release);
}

impl SpanGuard {
    /// Every end but that of a child in good order.
    #[cold]
    #[inline(never)]
    fn close_slowly(&mut self, local: &Local) {
        let inside = self.inside();
        let outside = self
            .more
            .map_or(Current { span_id: self.outer_span_id, slot: self.outer_slot, ..inside }, |more| {
                more.outside
            });
        if std::thread::panicking() && !self.more.is_some_and(|more| more.opened_in_panic) {
            self.with_body(panic::record);
        }
        // SAFETY: the pointer is null or a slot of a ring, which is never freed.
        #[allow(unsafe_code, reason = "the guard's slot is reached in place")]
        if let Some(slot) = unsafe { self.slot.as_ref() } {
            close(slot, self.pipeline.timeline.ticks());
        }
        // A context that carries this span's own identifiers may lie above it.
        let innermost = match self.more {
            Some(more) if self.slot.is_null() => {
                local.span_id() == self.span_id && local.frame.get() == more.frame
            }
            _ => ptr::eq(local.slot(), self.slot),
        };
        if !innermost {
            local.orphan(self.span_id, outside);
        } else if local.disordered.get() {
            local.set_current(local.heal(outside));
        } else {
            local.set_current(outside);
        }
    }
}

impl Drop for SpanGuard {
    #[inline(always)]
    fn drop(&mut self) {
        if self.span_id == 0 {
            return;
        }
        let local = Local::here();
        let plain = ptr::eq(local.slot(), self.slot)
            && self.more.is_none()
            && !local.disordered.get()
            && !std::thread::panicking();
        // SAFETY: the pointer is null or a slot of a ring, which is never freed.
        #[allow(unsafe_code, reason = "the guard's slot is reached in place")]
        match unsafe { self.slot.as_ref() } {
            Some(slot) if plain => {
                close(slot, clock::ticks(local));
                local.set_span(self.outer_span_id, self.outer_slot);
            }
            _ => self.close_slowly(local),
        }
    }
}

impl fmt::Debug for SpanGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SpanGuard").field(&self.handle().context()).finish()
    }
}
