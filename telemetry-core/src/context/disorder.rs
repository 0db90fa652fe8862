//! What a thread remembers of spans and contexts that were left before inner ones, until it comes by their place.

use std::cell::RefCell;
use std::sync::atomic::Ordering;

use super::current::Current;
use super::frame::Frame;
use super::local::Local;
use crate::ring::Slot;

/// Guards dropped out of order that a thread remembers, at the most; past them the oldest is joined with the next.
const ORPHANS: usize = 4_096;

thread_local! {
    static ORPHANED: RefCell<Vec<Orphan>> = const { RefCell::new(Vec::new()) };
    static LEFT: RefCell<Vec<Left>> = const { RefCell::new(Vec::new()) };
}

/// Frames that were left before inner ones, each the next one's outer: what the innermost of them goes back to, past all
/// of them. So a thread that attaches a context and then drops the last one, for ever, remembers one.
struct Left {
    /// Its number is that of the innermost; the rest is the outermost's.
    through: Frame,
    /// The number of the outermost.
    first: u64,
}

impl Left {
    const fn has(&self, number: u64) -> bool {
        self.first <= number && number <= self.through.number()
    }
}

/// A span whose guard was dropped while another span was current.
struct Orphan {
    span: Place,
    /// What the guard would have restored.
    saved: Current,
}

/// A span as others go back to it. The slot is part of it: a context that carries a span has none, and spans of two
/// pipelines may have the same identifier. A span without a slot is told from a context that carries it by the frame.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    span_id: u64,
    slot: *const Slot,
    frame: u64,
}

impl Place {
    const fn of(current: &Current, frame: u64) -> Self {
        let frame = if current.slot.is_null() { frame } else { 0 };
        Self { span_id: current.span_id, slot: current.slot, frame }
    }
}

impl Local {
    /// Remembers what the guard of `span` would have restored, which was opened in `frame` and dropped while another
    /// span was current.
    #[cold]
    pub(crate) fn orphan(&self, span: Current, frame: u64, saved: Current) {
        let _ = ORPHANED.try_with(|orphans| {
            let mut orphans = orphans.borrow_mut();
            let around = Place::of(&saved, frame);
            // A guard that has left the poll it was made in: the thread has gone back to where that poll began.
            let is_left =
                !self.has_entered(saved.slot) && orphans.iter().rev().all(|orphan| orphan.span != around);
            if is_left || self.is_outside_everything() {
                return;
            }
            if orphans.len() == ORPHANS {
                // Who went back to the oldest goes back to where it went.
                let oldest = orphans.remove(0);
                let inner = orphans
                    .iter_mut()
                    .find(|inner| Place::of(&inner.saved, oldest.span.frame) == oldest.span);
                if let Some(inner) = inner {
                    inner.saved = oldest.saved;
                }
            }
            orphans.push(Orphan { span: Place::of(&span, frame), saved });
            self.set_disordered(true);
        });
    }

    /// Makes the span current that was so before another was opened, or the one that now stands for it.
    pub(crate) fn go_back(&self, outside: Current) {
        if self.disordered.get() {
            self.heal(outside);
        } else {
            self.set_current(outside);
        }
    }

    /// Goes back to `saved`, which may itself have ended out of order.
    #[cold]
    fn heal(&self, saved: Current) {
        self.set_current(saved);
        let _ = ORPHANED.try_with(|orphans| {
            let mut orphans = orphans.borrow_mut();
            let mut healed = saved;
            let mut place = Place::of(&healed, self.frame.get());
            while let Some(at) = orphans.iter().rposition(|orphan| orphan.span == place) {
                healed = orphans.swap_remove(at).saved;
                place = Place::of(&healed, self.frame.get());
            }
            self.set_current(healed);
            if self.is_outside_everything() {
                orphans.clear();
            }
            self.set_disordered(!orphans.is_empty());
        });
    }

    /// Forgets the guards that were opened inside a poll of `task` and dropped out of order: what was current before
    /// the poll is so again, and nobody goes back to them.
    #[cold]
    pub(crate) fn forget_inside(&self, task: &Current) {
        if task.slot.is_null() {
            return;
        }
        let _ = ORPHANED.try_with(|orphans| {
            let mut orphans = orphans.borrow_mut();
            let mut left = vec![Place::of(task, 0)];
            while let Some(outer) = left.pop() {
                while let Some(at) = orphans.iter().rposition(|orphan| Place::of(&orphan.saved, 0) == outer) {
                    left.push(orphans.swap_remove(at).span);
                }
            }
            self.set_disordered(!orphans.is_empty());
        });
    }

    /// Whether this thread may have entered the span in a slot: not so where it has certainly left or ended it.
    #[allow(unsafe_code, reason = "the span's slot is reached in place")]
    fn has_entered(&self, slot: *const Slot) -> bool {
        // SAFETY: the pointer is null or a slot of a ring, which is never freed.
        unsafe { slot.as_ref() }.is_none_or(|slot| slot.owner.load(Ordering::Relaxed) == self.token.get())
    }

    /// Whether there is nothing that anybody could go back to.
    fn is_outside_everything(&self) -> bool {
        self.span_id() == 0 && self.flags() == 0 && self.frame.get() == 0
    }
}

/// Remembers a frame that was left before an inner one.
#[cold]
pub(super) fn remember(frame: Frame) {
    let _ = LEFT.try_with(|left| {
        let mut left = left.borrow_mut();
        let mut joined = Left { through: frame, first: frame.number() };
        if let Some(at) = left.iter().position(|outer| outer.through.number() == frame.outer_number()) {
            let outer = left.swap_remove(at);
            joined = Left { through: outer.through.numbered(frame.number()), first: outer.first };
        }
        if let Some(at) = left.iter().position(|inner| inner.through.outer_number() == frame.number()) {
            let inner = left.swap_remove(at);
            joined.through = joined.through.numbered(inner.through.number());
        }
        left.push(joined);
    });
}

/// The frame of this number, to which the thread has gone back, if it was left before an inner one.
#[cold]
pub(super) fn take_left(number: u64) -> Option<Frame> {
    let take = |left: &RefCell<Vec<Left>>| {
        let mut left = left.borrow_mut();
        // Numbers grow inwards: what lies further in was left by a poll.
        left.retain(|left| left.first <= number);
        let at = left.iter().position(|left| left.has(number))?;
        Some(left.swap_remove(at).through.numbered(number))
    };
    LEFT.try_with(take).ok().flatten()
}

/// The outermost of the frames around the innermost one that have all been left, or that one itself.
pub(super) fn outermost_left(innermost: Frame) -> Frame {
    let through = LEFT.try_with(|left| {
        let mut left = left.borrow_mut();
        let mut to = innermost;
        while let Some(at) = left.iter().position(|left| left.has(to.outer_number())) {
            to = left.swap_remove(at).through;
        }
        // As in `take_left`.
        left.retain(|left| left.first <= to.outer_number());
        to
    });
    through.unwrap_or(innermost)
}

/// What the calling thread remembers: spans and frames.
#[cfg(test)]
pub(crate) fn remembered() -> (usize, usize) {
    (ORPHANED.with_borrow(Vec::len), LEFT.with_borrow(Vec::len))
}
