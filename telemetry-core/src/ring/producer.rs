//! A thread's side of the ring: its reservation and the counts only it writes.

use std::cell::Cell;
use std::ptr;

use super::barrier;
use super::claim::{Claim, Ring};
use super::slot::{SLOT_BYTES, Slot};
use crate::sync::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering, fence};

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
    taken: AtomicBool::new(true),
    reserved: AtomicU64::new(0),
    dropped_full: AtomicU64::new(0),
    dropped_shutdown: AtomicU64::new(0),
    full_at: Cell::new(u64::MAX),
    next: ptr::null(),
};

impl Producer {
    pub(super) fn new(next: *const Producer) -> Self {
        Self {
            mine: AtomicU32::new(0),
            revocation: AtomicU32::new(LIVE),
            base: AtomicPtr::new(ptr::null_mut()),
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
        let slot = self.slot(mine.trailing_zeros());
        prefetch_ahead(slot);
        Some(slot)
    }

    #[inline(always)]
    #[allow(unsafe_code, reason = "the run's slots are reached by index")]
    fn slot(&self, index: u32) -> &'static Slot {
        let base = self.base.load(Ordering::Relaxed);
        // SAFETY: `index` is a bit of a reservation, whose bits lie within the run of 16 slots at `base`, which was set
        // with it, and a ring's slots are never freed.
        unsafe {
            std::hint::assert_unchecked(!base.is_null());
            &*base.add(index as usize)
        }
    }

    /// Settles with a reclaimer that announced itself while `mine`'s lowest bit was being taken: puts back what is
    /// still the owner's and leaves the rest to the slow path, which asks first whether the ring is closed.
    #[cold]
    fn take_revoked(&self, mine: u32) -> Option<&'static Slot> {
        let stolen = self.settle();
        self.mine.store(mine & !stolen, Ordering::Relaxed);
        None
    }

    /// Makes the reservation the owner's alone again and returns the slots a reclaimer has taken out of it.
    fn settle(&self) -> u32 {
        // Acquire: pairs with the reclaimer's Release when it announces itself (what it did before, such as closing the
        // ring, is visible) or marks the reservation stolen.
        match self.revocation.compare_exchange(REVOKING, LIVE, Ordering::Acquire, Ordering::Acquire) {
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
        loop {
            self.settle();
            if ring.is_closed() {
                return Err(self.refuse(ring));
            }
            if self.mine.load(Ordering::Relaxed) == 0 {
                break;
            }
            if let Some(slot) = self.take() {
                return Ok(slot);
            }
        }
        // Acquire: pairs with the Release of whoever gives slots back, so that a changed count shows their bits.
        let returns = ring.returns();
        if self.full_at.get() != returns {
            match ring.claim() {
                Ok(claim) => return self.reserve(ring, &claim),
                // Only what was seen by one who looked everywhere is worth remembering.
                Err(everywhere) if everywhere => self.full_at.set(returns),
                Err(_) => {}
            }
        }
        bump(&self.dropped_full, 1);
        ring.knock();
        Err(Drop::Full)
    }

    /// Makes a claim the reservation, less the slot that is returned.
    fn reserve(&self, ring: &Ring, claim: &Claim) -> Result<&'static Slot, Drop> {
        let bit = claim.mask & claim.mask.wrapping_neg();
        bump(&self.reserved, u64::from(claim.mask.count_ones()));
        self.base.store(ptr::from_ref(claim.base).cast_mut(), Ordering::Relaxed);
        // Release: pairs with a reclaimer's Acquire load of `mine`, which then sees this `base`.
        self.mine.store(claim.mask & !bit, Ordering::Release);
        // The claim before the look at the mark, as `Ring::close` sets the mark before it looks at claims.
        fence(Ordering::SeqCst);
        if ring.is_closed() {
            lower(&self.reserved, 1);
            ring.give_back(claim.base, bit);
            return Err(self.refuse(ring));
        }
        Ok(self.slot(bit.trailing_zeros()))
    }

    /// Gives the reservation back: the ring is closed.
    fn refuse(&self, ring: &Ring) -> Drop {
        self.give_back(ring);
        bump(&self.dropped_shutdown, 1);
        Drop::AfterShutdown
    }

    /// Gives the reservation back.
    fn give_back(&self, ring: &Ring) {
        self.settle();
        let mine = self.mine.load(Ordering::Relaxed);
        if mine != 0 {
            // First empty, then returned: a reclaimer that announces itself in between finds nothing here.
            self.mine.store(0, Ordering::Relaxed);
            barrier::light();
            let left = mine & !self.settle();
            lower(&self.reserved, u64::from(left.count_ones()));
            ring.give_back(self.slot(0), left);
        }
    }

    /// Gives the reservation back and leaves the place to another thread.
    pub(crate) fn release(&self, ring: &Ring) {
        self.give_back(ring);
        self.full_at.set(u64::MAX);
        // Release: pairs with the Acquire swap of the thread that takes the place next.
        self.taken.store(false, Ordering::Release);
    }

    /// Announces a reclaimer. True when there is something to reclaim; [`Producer::reclaim`] must follow.
    pub(super) fn announce(&self) -> bool {
        self.mine.load(Ordering::Relaxed) != 0
            && self
                .revocation
                // Acquire: pairs with the owner's Release in `settle`. Release: pairs with its Acquire there.
                .compare_exchange(LIVE, REVOKING, Ordering::AcqRel, Ordering::Relaxed)
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

/// How many slots ahead their lines are asked for: four spans take longer than a line takes to come.
const AHEAD: usize = 4;

/// Asks for a line of a slot that will most likely be written soon, the one that lies where `line` does in this span's
/// slot. The drain has had it on another processor, and for writing it must come from there.
#[inline(always)]
#[allow(unsafe_code, reason = "prefetching has no safe wrapper")]
pub(crate) fn prefetch_ahead<T>(line: *const T) {
    let address = line.wrapping_byte_add(AHEAD * SLOT_BYTES);
    #[cfg(all(target_arch = "x86_64", not(loom)))]
    // SAFETY: a prefetch reads nothing and faults on no address; where the processor does not know this one, it does
    // nothing.
    unsafe {
        std::arch::asm!("prefetchw [{}]", in(reg) address, options(nostack, preserves_flags));
    }
    #[cfg(not(all(target_arch = "x86_64", not(loom))))]
    let _ = address;
}

/// Takes from a count that this thread alone writes.
fn lower(count: &AtomicU64, by: u64) {
    count.store(count.load(Ordering::Relaxed) - by, Ordering::Relaxed);
}

/// Adds to a count that this thread alone writes: a load and a store, no locked instruction.
#[inline(always)]
fn bump(count: &AtomicU64, by: u64) {
    count.store(count.load(Ordering::Relaxed) + by, Ordering::Relaxed);
}
