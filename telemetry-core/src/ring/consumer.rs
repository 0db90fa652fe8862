//! The drain's side of the ring: finds complete slots, hands them to a reader, frees them.

use std::ptr;

use super::ahead::{AHEAD, prefetch, prefetch_ahead};
use super::claim::Ring;
use super::slot::{Slot, state};
use crate::sync::Ordering;

/// What the ring has seen, at one moment; exact once new spans are refused and the open ones have ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Spans that got a slot.
    pub(crate) opened: u64,
    /// Spans refused because every slot was taken.
    pub(crate) dropped_full: u64,
    /// Spans refused after the shutdown.
    pub(crate) dropped_shutdown: u64,
}

impl Counts {
    /// Spans that were begun.
    pub(crate) const fn started(&self) -> u64 {
        self.opened + self.dropped_full + self.dropped_shutdown
    }
}

/// How far one pass over the ring has come.
#[derive(Debug, Default)]
pub(crate) struct Sweep {
    next: usize,
    left: usize,
}

impl Sweep {
    pub(crate) const fn new() -> Self {
        Self { next: 0, left: 0 }
    }

    /// Begins a pass over every run, where the last one ended.
    pub(crate) fn begin(&mut self, ring: &Ring) {
        self.left = ring.free.len();
        ring.answer();
    }

    /// True while the pass has runs to look at.
    pub(crate) fn is_open(&self) -> bool {
        self.left != 0
    }
}

impl Ring {
    /// Reads complete slots and frees them, run by run, until the pass is over or the next run could exceed `max`.
    /// Returns how many were read.
    ///
    /// One caller at a time: the consumer's state is behind a lock.
    pub(crate) fn drain(&self, sweep: &mut Sweep, max: usize, mut read: impl FnMut(&Slot)) -> usize {
        let mut taken = 0;
        while sweep.left != 0 && (taken == 0 || taken + self.run_slots() <= max) {
            let run = sweep.next & (self.free.len() - 1);
            sweep.next = run + 1;
            sweep.left -= 1;
            taken += self.drain_run(run, &mut read);
        }
        if taken != 0 {
            self.announce_returns();
        }
        if sweep.left == 0 {
            self.set_watermark();
        }
        taken
    }

    fn drain_run(&self, run: usize, read: &mut impl FnMut(&Slot)) -> usize {
        let size = self.run_slots();
        // Relaxed: a hint; the slot's own word decides.
        let mut busy = !self.free[run].0.load(Ordering::Relaxed) & ((1u64 << size) - 1);
        let mut freed = 0u64;
        let slots = &self.slots[run * size..][..size];
        // The spans were written by other processors. Their lines are asked for before they are read, and for writing,
        // since the slot is freed next.
        slots.iter().take(AHEAD).for_each(|slot| prefetch(ptr::from_ref(slot)));
        while busy != 0 {
            let bit = busy.trailing_zeros();
            busy &= busy - 1;
            prefetch_ahead(ptr::from_ref(&slots[bit as usize]));
            let slot = &slots[bit as usize];
            // Acquire: pairs with the Release of the span's close; the body is whole.
            if slot.owner.load(Ordering::Acquire) == state::COMPLETE {
                read(slot);
                slot.owner.store(state::FREE, Ordering::Relaxed);
                freed |= 1 << bit;
            }
        }
        if freed != 0 {
            self.free_slots(run, freed);
        }
        freed.count_ones() as usize
    }

    /// The sums over every thread's counts. A span that is just being opened counts once or not at all.
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for place in self.places() {
            // Acquire: pairs with the Release in `bump`. A span that was refused in the making is no longer among the
            // opened ones when it is seen among the dropped, which are therefore read first.
            counts.dropped_full += place.dropped_full.load(Ordering::Acquire);
            counts.dropped_shutdown += place.dropped_shutdown.load(Ordering::Acquire);
            counts.opened += place.opened();
        }
        counts
    }
}
