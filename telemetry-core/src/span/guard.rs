//! The guard of a span that covers a scope.

use std::fmt;
use std::ptr;
use std::sync::atomic::Ordering;

use super::access;
use super::handle::Span;
use super::kept::Kept;
use super::open::Opened;
use super::panic;
use super::value::AttributeValue;
use super::writer::{Held, Writer};
use crate::clock;
use crate::context::Local;
use crate::record::Status;
use crate::ring::{Slot, state};

/// A span that is open for as long as this guard lives, and current on its thread.
///
/// Dropping it ends the span and makes the span before it current again. A guard dropped out of order ends its own
/// span only. A panic that unwinds through it is recorded. Bound to its thread, so the compiler refuses to hold it
/// across an `.await` in a task that may move. Two words, of which nobody has the address: they stay in registers.
#[must_use = "the span ends as soon as its guard is dropped"]
pub struct SpanGuard {
    /// The span's slot, null when it is not recorded; marked by [`SLOW`] when `outer` is an [`Kept`].
    slot: *const Slot,
    /// The slot that was current before, with its mark; or what the slow path keeps.
    outer: *const Slot,
}

/// Marks the slot of a guard that must close slowly: that of a local root, of an unrecorded span, of one opened during a
/// panic or by another clock. No current slot equals it.
const SLOW: usize = 1;

impl SpanGuard {
    /// No span.
    #[inline(always)]
    pub(super) const fn nothing() -> Self {
        Self { slot: ptr::null(), outer: ptr::null() }
    }

    /// Makes a child of the current span current that was opened by the fast path.
    #[inline(always)]
    pub(super) fn enter_child(local: &Local, slot: &'static Slot, span_id: u64) -> Self {
        let outer = local.marked_slot();
        local.set_span(span_id, slot);
        Self { slot, outer }
    }

    /// Makes a span current, whatever its trace.
    pub(super) fn enter(local: &Local, opened: Opened) -> Self {
        let inside = opened.inside;
        if opened.is_nothing() {
            return Self::nothing();
        }
        let outside = Kept::keep(local, inside);
        if inside.is_sampled() {
            // Where a recorded trace is current, the thread has its token.
            local.prepare();
        }
        local.set_current(inside);
        let slot = inside.slot.map_addr(|address| address | SLOW);
        Self { slot, outer: outside.cast() }
    }

    /// The span's slot, without its mark.
    #[inline(always)]
    fn slot(&self) -> *const Slot {
        self.slot.map_addr(|address| address & !SLOW)
    }

    /// Whether the span has a slot: false when it is disabled, unsampled or dropped.
    #[inline(always)]
    pub fn is_recording(&self) -> bool {
        self.slot.addr() > SLOW
    }

    /// The handle of the span, to write to it from anywhere on this thread while it is open.
    #[inline(always)]
    pub fn handle(&self) -> Span {
        handle(self.slot, self.outer)
    }

    /// Records the attribute with the call site's key of this number.
    #[inline(always)]
    pub fn attribute<V: AttributeValue + ?Sized>(&mut self, key: usize, value: &V) {
        self.writer().attribute(key, value);
    }

    /// Records what `value` displays.
    #[inline(always)]
    pub fn attribute_display(&mut self, key: usize, value: &dyn fmt::Display) {
        self.writer().display(key, value);
    }

    /// Records how `value` looks to a programmer.
    #[inline(always)]
    pub fn attribute_debug(&mut self, key: usize, value: &dyn fmt::Debug) {
        self.writer().debug(key, value);
    }

    /// Records that the work failed.
    #[inline(always)]
    pub fn fail(&mut self, error_type: &'static str, message: Option<&dyn fmt::Display>) {
        self.writer().fail(error_type, message);
    }

    /// Sets the status; ok beats error beats unset.
    #[inline(always)]
    pub fn status(&mut self, status: Status) {
        self.writer().status(status);
    }
}

impl Held for SpanGuard {
    #[inline(always)]
    fn writer(&self) -> Writer {
        Writer::new(self.slot())
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

impl Drop for SpanGuard {
    #[cfg_attr(any(feature = "off", not(debug_assertions)), inline(always))]
    fn drop(&mut self) {
        if !self.slot.is_null() {
            end(self.slot, self.outer);
        }
    }
}

/// The end of a guard, by its two words.
#[inline(never)]
#[allow(unsafe_code, reason = "the guard's slot is reached in place")]
fn end(marked: *const Slot, outer: *const Slot) {
    let local = Local::here();
    if !ptr::eq(local.marked_slot(), marked) || std::thread::panicking() {
        return close_slowly(marked, outer);
    }
    // SAFETY: not null and without a mark, as a current slot is: a slot of a ring, which is never freed.
    let slot = unsafe { &*marked };
    // SAFETY: the span is open, and this thread is the only one that writes it. What was current before is the
    // parent of a child that was opened by the fast path.
    let outer_id = slot.body.with(|body| unsafe { (*body).parent_id });
    close(slot, clock::fast_ticks());
    local.set_span(outer_id, outer);
}

/// The handle of a guard, by its two words.
#[allow(unsafe_code, reason = "what the slow path keeps is read in place")]
fn handle(marked: *const Slot, outer: *const Slot) -> Span {
    if marked.is_null() {
        // Where nothing was opened, what is current takes no writes through this handle.
        return Span::of(Local::with(Local::current).without_slot());
    }
    if marked.addr() & SLOW != 0 {
        // SAFETY: `outer` is what `Kept::keep` returned, and it is given back only by the guard's end.
        return Span::of(unsafe { (*outer.cast::<Kept>()).inside });
    }
    Span::of(access::identity(marked))
}

/// Every end but that of a child in good order.
#[cold]
#[inline(never)]
#[allow(unsafe_code, reason = "the guard's slot is reached in place")]
fn close_slowly(marked: *const Slot, outer: *const Slot) {
    let local = Local::here();
    let slot = marked.map_addr(|address| address & !SLOW);
    let kept = (marked.addr() & SLOW != 0).then(|| {
        // SAFETY: `outer` is what `Kept::keep` returned, and a guard ends once.
        unsafe { Kept::take_back(local, outer.cast_mut().cast()) }
    });
    let (inside, outside) = match &kept {
        Some(kept) => (kept.inside, kept.outside),
        None => access::identity_and_parent(slot, outer),
    };
    if std::thread::panicking() {
        local.hold_back();
        if !kept.as_ref().is_some_and(|kept| kept.opened_in_panic) {
            Writer::new(slot).with_body(panic::record);
        }
    }
    // SAFETY: the pointer is null or a slot of a ring, which is never freed.
    if let Some(slot) = unsafe { slot.as_ref() } {
        close(slot, kept.as_ref().map_or_else(clock::fast_ticks, |kept| kept.pipeline.timeline.ticks()));
    }
    // A context that carries this span's own identifiers may lie above it.
    let innermost = match &kept {
        Some(kept) if slot.is_null() => local.span_id() == inside.span_id && local.frame.get() == kept.frame,
        _ => ptr::eq(local.slot(), slot),
    };
    if innermost {
        local.go_back(outside);
    } else {
        let frame = kept.map_or(0, |kept| kept.frame);
        local.orphan(inside, frame, outside);
    }
}

impl fmt::Debug for SpanGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SpanGuard").field(&self.handle().context()).finish()
    }
}
