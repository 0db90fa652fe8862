//! The right to write a span, asked for again at every single write.

use std::sync::atomic::Ordering;

use crate::context::{Current, Local, NO_TOKEN, flag};
use crate::ring::{Body, Slot};

/// A way to a span's body. Code of the user's may run between two writes, end the span or write it by another way;
/// none runs inside one.
#[derive(Clone, Copy)]
pub(super) enum Access {
    /// The span's own guard or task, borrowed exclusively: it is open.
    Owner(*const Slot),
    /// A handle: the span may be entered elsewhere, or over.
    Handle(*const Slot, u64),
}

impl Access {
    /// Writes, or counts the write as late. `write` runs no code of the user's.
    #[inline(always)]
    #[allow(unsafe_code, reason = "a span is written in its slot")]
    pub(super) fn write(self, write: impl FnOnce(&Local, &mut Body)) {
        let (Self::Owner(slot) | Self::Handle(slot, _)) = self;
        // SAFETY: the pointer is null or a slot of a ring, which is never freed.
        let Some(slot) = (unsafe { slot.as_ref() }) else { return };
        let local = Local::here();
        if let Self::Handle(_, span_id) = self {
            let token = local.token.get();
            let entered_here = token != NO_TOKEN && slot.owner.load(Ordering::Relaxed) == token;
            let mine = entered_here
                && slot.body.with(|body| {
                    // SAFETY: the slot is marked with this thread's token, which no other thread ever has, so
                    // this thread is its only writer.
                    unsafe { (*body).span_id == span_id }
                });
            if !mine {
                return late(local);
            }
        }
        slot.body.with_mut(|body| {
            // SAFETY: this thread is the body's only writer: as its owner, which is borrowed, or by the check
            // above. The borrow ends with this call, in which no other way to the body is taken.
            write(local, unsafe { &mut *body });
        });
    }
}

#[cold]
#[inline(never)]
fn late(local: &Local) {
    local.pipeline.get().late.fetch_add(1, Ordering::Relaxed);
}

/// What is current inside a recorded span that is open, read from its slot.
///
/// # Panics
/// Never; a null `slot` gives none.
#[allow(unsafe_code, reason = "an open span's identifiers are read in place")]
pub(super) fn identity(slot: *const Slot) -> Current {
    // SAFETY: the pointer is null or a slot of a ring, which is never freed.
    let Some(slot) = (unsafe { slot.as_ref() }) else { return Current::NONE };
    // SAFETY: the callers hold the span's guard or task: it is open, and nobody writes it meanwhile.
    let (word, body) = (slot.site.with(|word| unsafe { *word }), slot.body.with(|body| unsafe { &*body }));
    Current {
        trace_high: body.trace_high,
        trace_low: body.trace_low,
        span_id: body.span_id,
        slot,
        flags: word & flag::RECORDED,
    }
}

/// What is current inside a child that was opened by the fast path, and what was before it, whose slot is `outer`.
#[allow(unsafe_code, reason = "an open span's identifiers are read in place")]
pub(super) fn identity_and_parent(slot: *const Slot, outer: *const Slot) -> (Current, Current) {
    let inside = identity(slot);
    // SAFETY: the pointer is null or a slot of a ring, which is never freed; the caller holds the span's guard.
    let parent =
        unsafe { slot.as_ref() }.map_or(0, |slot| slot.body.with(|body| unsafe { (*body).parent_id }));
    (inside, Current { span_id: parent, slot: Local::unmarked(outer), ..inside })
}
