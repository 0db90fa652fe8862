//! A future's stay on a thread: from entering its span to leaving it, at each poll.

use std::ptr;
use std::sync::atomic::Ordering;

use super::kept::Kept;
use crate::context::{Current, Frame, Local};
use crate::pipeline::Pipeline;
use crate::ring::{Slot, state};

/// What a span carries from poll to poll, and what the thread goes back to when a poll is left.
///
/// A recorded span reads its identifiers from its slot and keeps the span that was current before it, which is of the
/// same trace, or else lies in an [`Kept`]. One that is not recorded keeps its identifiers; where they are not
/// current already, what was current lies in an [`Kept`].
#[derive(Clone, Copy)]
pub(super) struct Stay {
    /// Recorded: the identifier of the span before. Not recorded: the upper half of the trace identifier.
    first: u64,
    /// Recorded: nothing. Not recorded: the lower half of the trace identifier.
    second: u64,
    /// Recorded: the slot of the span before, with its mark. Not recorded: the identifier of the span.
    third: u64,
    /// The innermost frame before, or an [`Kept`].
    kept: u64,
}

impl Stay {
    pub(super) const NONE: Self = Self { first: 0, second: 0, third: 0, kept: 0 };

    /// Identifiers to carry.
    #[inline(always)]
    pub(super) fn carried(current: Current) -> Self {
        Self { first: current.trace_high, second: current.trace_low, third: current.span_id, kept: 0 }
    }

    /// The identifiers that are carried.
    pub(super) const fn current(&self, flags: u32) -> Current {
        Current {
            trace_high: self.first,
            trace_low: self.second,
            span_id: self.third,
            slot: ptr::null(),
            flags,
        }
    }

    /// Enters a recorded span from a span of the same trace; false where that is not so. Where a recorded trace is
    /// current, the thread has its token.
    #[inline(always)]
    #[allow(unsafe_code, reason = "the span's identifiers are read in place")]
    pub(super) fn enter(
        &mut self,
        local: &Local,
        slot: &'static Slot,
        flags: u32,
        pipeline: *const Pipeline,
    ) -> bool {
        // SAFETY: the span is open and entered nowhere else: nobody writes it meanwhile.
        let (trace_high, trace_low, span_id) =
            slot.body.with(|body| unsafe { ((*body).trace_high, (*body).trace_low, (*body).span_id) });
        let (high, low) = local.trace();
        // One branch for all of it.
        let elsewhere = (high ^ trace_high)
            | (low ^ trace_low)
            | u64::from(local.flags() ^ flags)
            | (ptr::from_ref(local.pipeline.get()).addr() ^ pipeline.addr()) as u64;
        if elsewhere != 0 {
            return false;
        }
        self.first = local.span_id();
        self.third = local.marked_slot().expose_provenance() as u64;
        self.kept = local.frame.get();
        local.set_span(span_id, slot);
        // Relaxed: the executor that moves the future between threads orders its polls, and with them this.
        slot.owner.store(local.token.get(), Ordering::Relaxed);
        true
    }

    /// Leaves what was entered; false when something inside was not left: then another slot is current, or this one
    /// with a mark.
    #[inline(always)]
    pub(super) fn leave(&self, local: &Local, slot: &'static Slot) -> bool {
        if !ptr::eq(local.marked_slot(), slot) {
            return false;
        }
        // Relaxed: as in `enter`.
        slot.owner.store(state::DETACHED, Ordering::Relaxed);
        local.set_span(self.first, self.outer_slot());
        true
    }

    #[inline(always)]
    fn outer_slot(&self) -> *const Slot {
        ptr::with_exposed_provenance(self.third as usize)
    }

    /// Whether the identifiers that are carried are current already.
    #[inline(always)]
    pub(super) fn is_here(&mut self, local: &Local, flags: u32, pipeline: *const Pipeline) -> bool {
        self.kept = local.frame.get();
        let elsewhere = (ptr::from_ref(local.pipeline.get()).addr() ^ pipeline.addr()) as u64;
        // Of spans that are not recorded, none has the identifier of another.
        elsewhere | (local.span_id() ^ self.third) | u64::from(local.flags() ^ flags) == 0
    }

    /// Whether they are so still.
    #[inline(always)]
    pub(super) fn is_still_here(&self, local: &Local, flags: u32) -> bool {
        let elsewhere = local.frame.get() ^ self.kept;
        elsewhere | (local.span_id() ^ self.third) | u64::from(local.flags() ^ flags) == 0
    }

    /// Keeps all that the thread has, whatever it is.
    pub(super) fn keep(&mut self, local: &Local, inside: Current) {
        self.kept = Kept::keep(local, inside).expose_provenance() as u64;
    }

    /// Goes back to what was kept.
    #[allow(unsafe_code, reason = "what was kept is reached by its address")]
    pub(super) fn go_back(&mut self, local: &Local) {
        // SAFETY: `kept` came from `keep`, at the one entry that is being left.
        let kept = unsafe { Kept::give_back(ptr::with_exposed_provenance_mut(self.kept as usize)) };
        return_to(local, kept.pipeline, kept.frame, kept.outside);
    }

    /// Goes back to a span of the same trace, from wherever the thread is now.
    pub(super) fn restore(&self, local: &Local, inside: Current, pipeline: &'static Pipeline) {
        let outside = if inside.slot.is_null() {
            inside
        } else {
            Current { span_id: self.first, slot: Local::unmarked(self.outer_slot()), ..inside }
        };
        return_to(local, pipeline, self.kept, outside);
    }
}

fn return_to(local: &Local, pipeline: &'static Pipeline, frame: u64, outside: Current) {
    // Numbers of frames grow inwards. With a smaller one the frame around the poll was left inside it, and what that
    // frame went back to is so already.
    if local.frame.get() < frame {
        return;
    }
    if !ptr::eq(local.pipeline.get(), pipeline) {
        local.switch(pipeline);
    }
    local.frame.set(frame);
    local.go_back(outside);
    Frame::leave_if_left(local);
}

/// Marks a span's slot as entered on a thread, or on none.
pub(super) fn set_owner(slot: *const Slot, owner: u32) {
    // SAFETY: the pointer is null or a slot of a ring, which is never freed.
    #[allow(unsafe_code, reason = "the span's slot is reached in place")]
    if let Some(slot) = unsafe { slot.as_ref() } {
        // Relaxed: as in `Stay::enter`.
        slot.owner.store(owner, Ordering::Relaxed);
    }
}
