//! A thread's side of the ring: its reservation and the counts only it writes.

use std::cell::Cell;
use std::ptr;

use super::barrier;
use super::claim::Ring;
use super::slot::{Slot, state};
use crate::sync::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};

/// The reservation is its owner's.
const LIVE: u32 = 0;
/// A reclaimer has announced itself.
const REVOKING: u32 = 1;
/// A reclaimer has taken the slots in the upper half of the word.
const STOLEN: u32 = 2;

const MASK_SHIFT: u32 = 16;

/// Why a span got no slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drop {
    /// Every slot is taken.
    Full,
    /// The pipeline has been shut down.
    AfterShutdown,
}

/// One thread's place in the ring. Made once, kept for ever, handed from a thread that ends to one that begins, so
/// their number is that of the most threads ever alive at once.
#[repr(align(128))]
pub(crate) struct Producer {
    /// Reserved slots not yet opened, as bits above `base`. Written by the owner alone; read by a reclaimer behind
    /// the heavy barrier.
    mine: AtomicU32,
    /// `LIVE`, `REVOKING`, or `STOLEN` with the mask of what was taken. Written by the owner and, one at a time, by
    /// reclaimers; the compare-and-swap away from `REVOKING` decides who keeps the reservation.
    revocation: AtomicU32,
    /// The first slot of the run the reservation lies in. Written by the owner on its slow path.
    base: AtomicPtr<Slot>,
    /// The number by which the owner's open spans are marked.
    pub(crate) token: u32,
    /// True while a thread holds this place.
    pub(super) taken: AtomicBool,
    /// Slots ever reserved, less those given back by the owner. Written by the owner.
    pub(super) reserved: AtomicU64,
    /// Spans refused because the ring was full. Written by the owner.
    pub(super) dropped_full: AtomicU64,
    /// Spans refused after the shutdown. Written by the owner.
    pub(super) dropped_shutdown: AtomicU64,
    /// The ring's count of returns when it was last found full; the owner's alone.
    full_at: Cell<u64>,
    /// The next place in the ring's list; set before this one is published.
    pub(super) next: *const Producer,
}

// SAFETY: `full_at` is touched only by the thread that holds the place, and `taken` hands the place over with
// Release and Acquire; `next` is written before the place is shared and never after.
#[allow(unsafe_code, reason = "a place is handed over between threads as a whole")]
unsafe impl Sync for Producer {}

/// The place of every thread that has none yet: always empty, so that the first span takes the slow path.
#[cfg(not(loom))]
pub(crate) static COLD: Producer = Producer {
    mine: AtomicU32::new(0),
    revocation: AtomicU32::new(LIVE),
    base: AtomicPtr::new(ptr::null_mut()),
    token: u32::MAX,
    taken: AtomicBool::new(true),
    reserved: AtomicU64::new(0),
    dropped_full: AtomicU64::new(0),
    dropped_shutdown: AtomicU64::new(0),
    full_at: Cell::new(u64::MAX),
    next: ptr::null(),
};

impl Producer {
    pub(super) fn new(index: u32, next: *const Producer) -> Self {
        Self {
            mine: AtomicU32::new(0),
            revocation: AtomicU32::new(LIVE),
            base: AtomicPtr::new(ptr::null_mut()),
            token: state::FIRST_THREAD + index,
            taken: AtomicBool::new(true),
            reserved: AtomicU64::new(0),
            dropped_full: AtomicU64::new(0),
            dropped_shutdown: AtomicU64::new(0),
            full_at: Cell::new(u64::MAX),
            next,
        }
    }

    /// Takes the next reserved slot: two loads, a store, a load and two branches. `None` means the slow path.
    #[inline(always)]
    pub(crate) fn take(&self) -> Option<&'static Slot> {
        let mine = self.mine.load(Ordering::Relaxed);
        if mine == 0 {
            return None;
        }
        self.mine.store(mine & (mine - 1), Ordering::Relaxed);
        barrier::light();
        if self.revocation.load(Ordering::Relaxed) != LIVE {
            return self.take_revoked(mine);
        }
        Some(self.slot(mine.trailing_zeros()))
    }

    #[inline(always)]
    #[allow(unsafe_code, reason = "the run's slots are reached by index")]
    fn slot(&self, index: u32) -> &'static Slot {
        let base = self.base.load(Ordering::Relaxed);
        // SAFETY: `index` is a bit of a reservation, whose bits lie within the run of 16 slots at `base`, and a
        // ring's slots are never freed.
        unsafe { &*base.add(index as usize) }
    }

    /// Settles with a reclaimer that announced itself while `mine`'s lowest bit was being taken.
    #[cold]
    fn take_revoked(&self, mine: u32) -> Option<&'static Slot> {
        let bit = mine & mine.wrapping_neg();
        let stolen = self.settle();
        if stolen & bit == 0 { Some(self.slot(mine.trailing_zeros())) } else { None }
    }

    /// Makes the reservation the owner's alone again and returns the slots a reclaimer has taken out of it.
    fn settle(&self) -> u32 {
        // Acquire: pairs with the reclaimer's Release when it marks the reservation stolen.
        match self.revocation.compare_exchange(REVOKING, LIVE, Ordering::Relaxed, Ordering::Acquire) {
            Ok(_) | Err(LIVE) => 0,
            Err(word) => {
                // Everything that was left is in the reclaimer's mask: `mine` changes only by claims that were
                // visible to it, and by the one the caller is settling.
                self.mine.store(0, Ordering::Relaxed);
                // Release: pairs with the next reclaimer's Acquire in `announce`, which then sees the zero.
                self.revocation.store(LIVE, Ordering::Release);
                word >> MASK_SHIFT
            }
        }
    }

    /// The slow path: settles, reserves a new run, and takes its first slot.
    #[cold]
    pub(crate) fn refill(&self, ring: &Ring) -> Result<&'static Slot, Drop> {
        self.settle();
        if let Some(slot) = self.take() {
            return Ok(slot);
        }
        if ring.is_closed() {
            bump(&self.dropped_shutdown, 1);
            return Err(Drop::AfterShutdown);
        }
        // Acquire: pairs with the Release of whoever gives slots back, so that a changed count shows their bits.
        let returns = ring.returns();
        if self.full_at.get() != returns {
            if let Some(claim) = ring.claim(self) {
                let bit = claim.mask & claim.mask.wrapping_neg();
                bump(&self.reserved, u64::from(claim.mask.count_ones()));
                self.base.store(ptr::from_ref(claim.base).cast_mut(), Ordering::Relaxed);
                // Release: pairs with a reclaimer's Acquire load of `mine`, which then sees this `base`.
                self.mine.store(claim.mask & !bit, Ordering::Release);
                return Ok(self.slot(bit.trailing_zeros()));
            }
            self.full_at.set(returns);
        }
        bump(&self.dropped_full, 1);
        Err(Drop::Full)
    }

    /// Gives the reservation back and leaves the place to another thread.
    pub(crate) fn release(&self, ring: &Ring) {
        self.settle();
        let mine = self.mine.load(Ordering::Relaxed);
        if mine != 0 {
            // First empty, then returned: a reclaimer that announces itself in between finds nothing here.
            self.mine.store(0, Ordering::Relaxed);
            barrier::light();
            let stolen = self.settle();
            let left = mine & !stolen;
            self.reserved.store(
                self.reserved.load(Ordering::Relaxed) - u64::from(left.count_ones()),
                Ordering::Relaxed,
            );
            ring.give_back(self.slot(0), left);
        }
        self.full_at.set(u64::MAX);
        // Release: pairs with the Acquire swap of the thread that takes the place next.
        self.taken.store(false, Ordering::Release);
    }

    /// Announces a reclaimer. True when there is something to reclaim; [`Producer::reclaim`] must follow.
    pub(super) fn announce(&self) -> bool {
        self.mine.load(Ordering::Relaxed) != 0
            && self
                .revocation
                // Acquire: pairs with the owner's Release in `settle`.
                .compare_exchange(LIVE, REVOKING, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
    }

    /// Takes what is left of the reservation, unless its owner has come back meanwhile. Behind the heavy barrier.
    pub(super) fn reclaim(&self) -> Option<(*const Slot, u32)> {
        let mine = self.mine.load(Ordering::Acquire);
        let base = self.base.load(Ordering::Relaxed);
        let word = if mine == 0 { LIVE } else { STOLEN | mine << MASK_SHIFT };
        // Release: pairs with the owner's Acquire in `settle`.
        let won =
            self.revocation.compare_exchange(REVOKING, word, Ordering::Release, Ordering::Relaxed).is_ok();
        (won && mine != 0).then_some((base.cast_const(), mine))
    }

    /// Takes the announcement back, where the heavy barrier could not be had.
    pub(super) fn withdraw(&self) {
        let _ = self.revocation.compare_exchange(REVOKING, LIVE, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Slots reserved and not yet opened.
    pub(super) fn unopened(&self) -> u32 {
        let word = self.revocation.load(Ordering::Acquire);
        let stolen = if word & STOLEN != 0 { word >> MASK_SHIFT } else { 0 };
        (self.mine.load(Ordering::Relaxed) & !stolen).count_ones()
    }
}

/// Adds to a count that this thread alone writes: a load and a store, no locked instruction.
#[inline(always)]
fn bump(count: &AtomicU64, by: u64) {
    count.store(count.load(Ordering::Relaxed) + by, Ordering::Relaxed);
}
