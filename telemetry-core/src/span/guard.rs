//! The guard of a span that covers a scope.

use std::fmt;
use std::sync::atomic::Ordering;

use super::arena::Key;
use super::handle::Span;
use super::open::Opened;
use super::site::CallSite;
use super::value::{AttributeValue, Entry};
use super::write::Formatted;
use super::{panic, write};
use crate::clock;
use crate::context::{Current, LOCAL, Local};
use crate::record::{Outcome, Status};
use crate::ring::{Body, Slot, state};

/// A span that is open for as long as this guard lives, and current on its thread.
///
/// Dropping it ends the span and makes the span before it current again. A guard dropped out of order ends its own
/// span only. A panic that unwinds through it is recorded. Bound to its thread, so the compiler refuses to hold it
/// across an `.await` in a task that may move.
#[must_use = "the span ends as soon as its guard is dropped"]
pub struct SpanGuard {
    /// What is current inside; a zero `span_id` when nothing was opened.
    inside: Current,
    /// What was current before.
    outside: Current,
    site: &'static CallSite,
}

impl SpanGuard {
    #[inline(always)]
    pub(super) fn enter(local: &Local, site: &'static CallSite, opened: Opened) -> Self {
        let outside = local.current.get();
        if opened.inside.span_id != 0 {
            local.current.set(opened.inside);
        }
        Self { inside: opened.inside, outside, site }
    }

    /// Whether the span has a slot: false when it is disabled, unsampled or dropped.
    #[inline(always)]
    pub fn is_recording(&self) -> bool {
        !self.inside.slot.is_null()
    }

    /// The handle of the span, to write to it from anywhere on this thread while it is open.
    pub fn handle(&self) -> Span {
        Span::of(self.inside)
    }

    /// Records the attribute with the call site's key of this number.
    #[inline(always)]
    pub fn attribute<V: AttributeValue + ?Sized>(&mut self, key: usize, value: &V) {
        let keys = self.site.site.keys;
        self.with_body(|body| value.record(Entry::span(body, Key::of_site(key, keys))));
    }

    /// Records what `value` displays.
    pub fn attribute_display(&mut self, key: usize, value: &dyn fmt::Display) {
        let keys = self.site.site.keys;
        let text = Formatted::new(format_args!("{value}"));
        self.with_body(|body| write::formatted(body, Key::of_site(key, keys), &text));
    }

    /// Records how `value` looks to a programmer.
    pub fn attribute_debug(&mut self, key: usize, value: &dyn fmt::Debug) {
        let keys = self.site.site.keys;
        let text = Formatted::new(format_args!("{value:?}"));
        self.with_body(|body| write::formatted(body, Key::of_site(key, keys), &text));
    }

    /// Records that the work failed.
    pub fn fail(&mut self, error_type: &'static str, message: Option<&dyn fmt::Display>) {
        let text = message.map(|message| Formatted::new(format_args!("{message}")));
        self.with_body(|body| write::failure(body, Outcome::Failed, error_type, text.as_ref()));
    }

    /// Sets the status; ok beats error beats unset.
    pub fn status(&mut self, status: Status) {
        self.with_body(|body| write::status(body, status));
    }

    #[inline(always)]
    fn with_body(&mut self, write: impl FnOnce(&mut Body)) {
        // SAFETY: the guard is bound to its thread, holds the slot's token until it is dropped, and is borrowed
        // exclusively.
        #[allow(unsafe_code, reason = "the guard's slot is written in place")]
        if let Some(slot) = unsafe { self.inside.slot.as_ref() } {
            // SAFETY: as above; writes through a `Span` handle happen on the same thread and never overlap with this.
            slot.body.with_mut(|body| write(unsafe { &mut *body }));
        }
    }
}

/// Ends a span: its end, then its slot to the consumer.
#[inline(always)]
#[allow(unsafe_code, reason = "the slot is written one last time")]
pub(super) fn close(local: &Local, slot: &Slot) {
    let end = clock::ticks(local);
    slot.body.with_mut(|body| {
        // SAFETY: the caller holds the slot's token, and gives it up in the next line.
        unsafe { (*body).end = end };
    });
    // Release: pairs with the consumer's Acquire load; the whole body is visible with it.
    slot.owner.store(state::COMPLETE, Ordering::Release);
}

impl Drop for SpanGuard {
    #[inline(always)]
    fn drop(&mut self) {
        if self.inside.span_id == 0 {
            return;
        }
        if std::thread::panicking() {
            self.with_body(panic::record);
        }
        LOCAL.with(|local| {
            // SAFETY: the pointer is null or a slot of a ring, which is never freed.
            #[allow(unsafe_code, reason = "the guard's slot is reached in place")]
            if let Some(slot) = unsafe { self.inside.slot.as_ref() } {
                close(local, slot);
            }
            if local.current.get().span_id != self.inside.span_id {
                local.orphan(self.inside.span_id, self.outside);
            } else if local.disordered.get() {
                local.current.set(local.heal(self.outside));
            } else {
                local.current.set(self.outside);
            }
        });
    }
}

impl fmt::Debug for SpanGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SpanGuard").field(&self.inside.span_context()).finish()
    }
}
