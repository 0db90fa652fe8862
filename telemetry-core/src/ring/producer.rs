//! A thread's side of the ring: its reservation and the counts only it writes.

use std::cell::Cell;
use std::ptr;

use super::ahead::prefetch_ahead;
use super::barrier::Side;
use super::claim::{Claim, Ring};
use super::slot::Slot;
use crate::sync::{AtomicBool, AtomicPtr, AtomicU64, Ordering};

/// The reservation is its owner's.
const LIVE: u64 = 0;
/// A reclaimer has announced itself.
const REVOKING: u64 = 1;
/// A reclaimer has taken the slots in the upper half of the word.
const STOLEN: u64 = 2;

/// Bits of a reservation's slots, in `mine` at the bottom and in `revocation` at the top.
const MASK_BITS: u32 = 32;
const MASK: u64 = (1 << MASK_BITS) - 1;

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
    /// The reserved slots not yet opened, as bits above `base`; and over them, in 32 bits, `reserved`. One word, so that
    /// whoever counts never sees one without the other: the spans opened are the second less the bits of the first.
    /// Written by the owner alone; read by those who count, and by a reclaimer behind the heavy barrier.
    mine: AtomicU64,
    /// `LIVE`, `REVOKING`, or `STOLEN` with the mask of what was taken. Written by the owner and, one at a time, by
    /// reclaimers; the compare-and-swap away from `REVOKING` decides who keeps the reservation.
    revocation: AtomicU64,
    /// The first slot of the run the reservation lies in. Written by the owner on its slow path.
    base: AtomicPtr<Slot>,
    /// Where the owner passes the asymmetric barrier.
    pub(super) side: Side,
    /// True while a thread holds this place.
    pub(super) taken: AtomicBool,
    /// Slots ever reserved, less those that went back unopened; the whole number of which `mine` has the lower bits.
    /// Written by the owner.
    reserved: AtomicU64,
    /// Spans refused because the ring was full. Written by the owner.
    pub(super) dropped_full: AtomicU64,
    /// Spans refused after the shutdown. Written by the owner.
    pub(super) dropped_shutdown: AtomicU64,
    /// The ring's count of returns when it was last found full; the owner's alone.
    full_at: Cell<u64>,
    /// Spans still to be refused on the strength of that before the owner looks again; its alone.
    patience: Cell<usize>,
    /// The next place in the ring's list; set before this one is published.
    pub(super) next: *const Producer,
}

// SAFETY: `full_at` and `patience` are touched only by the thread that holds the place, and `taken` hands the place over
// with Release and Acquire; `next` is written before the place is shared and never after.
#[allow(unsafe_code, reason = "a place is handed over between threads as a whole")]
unsafe impl Sync for Producer {}

/// The place of every thread that has none yet: always empty, so that the first span takes the slow path.
#[cfg(not(loom))]
pub(crate) static COLD: Producer = Producer {
    mine: AtomicU64::new(0),
    revocation: AtomicU64::new(LIVE),
    base: AtomicPtr::new(ptr::null_mut()),
    side: Side::new(),
    taken: AtomicBool::new(true),
    reserved: AtomicU64::new(0),
    dropped_full: AtomicU64::new(0),
    dropped_shutdown: AtomicU64::new(0),
    full_at: Cell::new(u64::MAX),
    patience: Cell::new(0),
    next: ptr::null(),
};

impl Producer {
    pub(super) fn new(next: *const Producer) -> Self {
        Self {
            mine: AtomicU64::new(0),
            revocation: AtomicU64::new(LIVE),
            base: AtomicPtr::new(ptr::null_mut()),
            side: Side::new(),
            taken: AtomicBool::new(true),
            reserved: AtomicU64::new(0),
            dropped_full: AtomicU64::new(0),
            dropped_shutdown: AtomicU64::new(0),
            full_at: Cell::new(u64::MAX),
            patience: Cell::new(0),
            next,
        }
    }

    /// Takes the next reserved slot: two loads, a store, a load and two branches. `None` means the slow path.
    #[inline(always)]
    #[allow(unsafe_code, reason = "a fact the compiler does not see")]
    pub(crate) fn take(&self) -> Option<&'static Slot> {
        let mine = self.mine.load(Ordering::Relaxed);
        if mine & MASK == 0 {
            return None;
        }
        // SAFETY: some of its bits are set. Told to the compiler, which then counts zeros without a case for none.
        unsafe { std::hint::assert_unchecked(mine != 0) };
        self.mine.store(mine & (mine - 1), Ordering::Relaxed);
        self.side.light();
        if self.revocation.load(Ordering::Relaxed) != LIVE {
            self.put_back(mine);
            return None;
        }
        let slot = self.slot(mine.trailing_zeros());
        prefetch_ahead(slot);
        Some(slot)
    }

    #[inline(always)]
    #[allow(unsafe_code, reason = "the run's slots are reached by index")]
    fn slot(&self, index: u32) -> &'static Slot {
        let base = self.base.load(Ordering::Relaxed);
        // SAFETY: `index` is a bit of a reservation, whose bits lie within the run of slots at `base`, which was set
        // with it, and a ring's slots are never freed.
        unsafe {
            std::hint::assert_unchecked(!base.is_null());
            &*base.add(index as usize)
        }
    }

    /// Settles with a reclaimer that announced itself while a slot of `mine` was being taken: puts the slot back, and
    /// leaves what then is still the owner's to the slow path, which asks first whether the ring is closed.
    #[cold]
    fn put_back(&self, mine: u64) {
        // Put back before the reservation is live again: the next reclaimer must find all of it.
        self.mine.store(mine, Ordering::Relaxed);
        self.settle();
        // Pairs with the heavy barrier in `Ring::close`: what was put back comes before the look at the mark.
        self.side.light();
    }

    /// Makes the reservation the owner's alone again, less the slots a reclaimer has taken out of it, which it returns.
    fn settle(&self) -> u32 {
        // Relaxed: who must not miss a reclaimer has passed a barrier, or seen it.
        if self.revocation.load(Ordering::Relaxed) == LIVE {
            return 0;
        }
        // Acquire: pairs with the Release in `reclaim`; the reclaimer has looked at the reservation that is written next.
        match self.revocation.compare_exchange(REVOKING, LIVE, Ordering::Relaxed, Ordering::Acquire) {
            Ok(_) | Err(LIVE) => 0,
            Err(word) => {
                let stolen = (word >> MASK_BITS) as u32;
                let gone = self.mask() & stolen;
                self.set(self.reserved() - u64::from(gone.count_ones()), self.mask() & !stolen);
                // Release: pairs with the next reclaimer's Acquire in `announce`, which then sees what is left.
                self.revocation.store(LIVE, Ordering::Release);
                stolen
            }
        }
    }

    /// The slow path: settles, reserves a new run, and takes its first slot.
    #[cold]
    pub(crate) fn refill(&self, ring: &Ring) -> Result<&'static Slot, Drop> {
        loop {
            self.settle();
            if ring.is_closed() {
                return Err(self.refuse(ring, 0));
            }
            if self.mask() == 0 {
                break;
            }
            if let Some(slot) = self.take() {
                return Ok(slot);
            }
        }
        let returns = ring.returns();
        if self.full_at.get() != returns || self.patience.get() == 0 {
            match ring.claim() {
                Ok(claim) => return self.reserve(ring, &claim),
                // Only what was seen by one who looked everywhere is worth remembering, and not for ever: slots just
                // claimed are seen neither as free nor as reserved. By so many refusals a look has paid.
                Err(everywhere) if everywhere => {
                    self.full_at.set(returns);
                    self.patience.set(ring.free.len());
                }
                Err(_) => {}
            }
        } else {
            self.patience.set(self.patience.get() - 1);
        }
        bump(&self.dropped_full);
        ring.knock();
        Err(Drop::Full)
    }

    /// Makes a claim the reservation, less the slot that is returned.
    fn reserve(&self, ring: &Ring, claim: &Claim) -> Result<&'static Slot, Drop> {
        let bit = claim.mask & claim.mask.wrapping_neg();
        self.base.store(ptr::from_ref(claim.base).cast_mut(), Ordering::Relaxed);
        self.set(self.reserved() + u64::from(claim.count), claim.mask & !bit);
        // Pairs with the barrier in `Ring::close`: the reservation comes before the look at the mark.
        ring.light(&self.side);
        if ring.is_closed() {
            return Err(self.refuse(ring, bit));
        }
        Ok(self.slot(bit.trailing_zeros()))
    }

    /// Gives the reservation back, the ring being closed, and `taken`, a slot of it that was taken and not opened.
    fn refuse(&self, ring: &Ring, taken: u32) -> Drop {
        self.give_back(ring, taken);
        bump(&self.dropped_shutdown);
        Drop::AfterShutdown
    }

    /// Gives back the reservation and `taken`, a slot of it that was taken and not opened.
    fn give_back(&self, ring: &Ring, taken: u32) {
        self.settle();
        let mine = self.mask();
        if mine | taken != 0 {
            // First empty, then returned: a reclaimer that announces itself in between finds nothing here.
            self.set(self.reserved() - u64::from((mine | taken).count_ones()), 0);
            self.side.light();
            let left = mine & !self.settle();
            ring.give_back(self.slot(0), left | taken);
        }
    }

    /// Gives the reservation back and leaves the place to another thread.
    pub(crate) fn release(&self, ring: &Ring) {
        self.give_back(ring, 0);
        self.full_at.set(u64::MAX);
        // Release: pairs with the Acquire swap of the thread that takes the place next.
        self.taken.store(false, Ordering::Release);
    }

    /// Writes the reservation: the slots not yet opened, as bits, and how many were ever reserved.
    pub(super) fn set(&self, reserved: u64, mask: u32) {
        self.reserved.store(reserved, Ordering::Relaxed);
        // Release: pairs with the Acquire loads in `reclaim` and `unopened`, which then see `base`, and that an earlier
        // reservation has been settled.
        self.mine.store(reserved << MASK_BITS | u64::from(mask), Ordering::Release);
    }

    /// The reserved slots not yet opened.
    fn mask(&self) -> u32 {
        (self.mine.load(Ordering::Relaxed) & MASK) as u32
    }

    /// Slots ever reserved, less those that went back unopened, for the owner.
    fn reserved(&self) -> u64 {
        self.reserved.load(Ordering::Relaxed)
    }

    /// Spans opened here, and the one that is just being opened: it may still be refused, and then counts as dropped.
    pub(super) fn opened(&self) -> u64 {
        // A little older or newer than the word, which has 32 bits: enough to tell what the whole number is.
        let about = self.reserved();
        let mine = self.mine.load(Ordering::Relaxed);
        let beyond = ((mine >> MASK_BITS).wrapping_sub(about) << MASK_BITS).cast_signed() >> MASK_BITS;
        about.wrapping_add_signed(beyond) - u64::from((mine & MASK).count_ones())
    }

    /// Announces a reclaimer. True when there is something to reclaim; [`Producer::reclaim`] must follow.
    pub(super) fn announce(&self) -> bool {
        self.mask() != 0
            && self
                .revocation
                // Acquire: pairs with the owner's Release in `settle`; what was stolen before is not found again.
                .compare_exchange(LIVE, REVOKING, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
    }

    /// Takes what is left of the reservation, unless its owner has come back meanwhile or nobody was announced to it.
    /// Behind the heavy barrier.
    pub(super) fn reclaim(&self) -> Option<(*const Slot, u32)> {
        if self.revocation.load(Ordering::Relaxed) != REVOKING {
            return None;
        }
        // Acquire: pairs with the owner's Release in `set`; `base` is that of these slots.
        let mine = (self.mine.load(Ordering::Acquire) & MASK) as u32;
        let base = self.base.load(Ordering::Relaxed);
        let word = if mine == 0 { LIVE } else { STOLEN | u64::from(mine) << MASK_BITS };
        // Release: pairs with the owner's Acquire in `settle`; it writes only what has been looked at.
        let won =
            self.revocation.compare_exchange(REVOKING, word, Ordering::Release, Ordering::Relaxed).is_ok();
        (won && mine != 0).then_some((base.cast_const(), mine))
    }

    /// Takes the announcement back, where the heavy barrier could not be had.
    pub(super) fn withdraw(&self) {
        let _ = self.revocation.compare_exchange(REVOKING, LIVE, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Slots reserved, not yet opened, and not taken by a reclaimer.
    pub(super) fn unopened(&self) -> u32 {
        // Acquire: pairs with the owner's Release in `set`. What was stolen of an earlier reservation was settled before
        // that, so it is not taken off this one.
        let mine = (self.mine.load(Ordering::Acquire) & MASK) as u32;
        let word = self.revocation.load(Ordering::Relaxed);
        let stolen = if word & STOLEN != 0 { (word >> MASK_BITS) as u32 } else { 0 };
        (mine & !stolen).count_ones()
    }
}

/// Counts one more, where this thread alone writes: a load and a store, no locked instruction.
fn bump(count: &AtomicU64) {
    // Release: pairs with the Acquire loads in `Ring::counts`.
    count.store(count.load(Ordering::Relaxed) + 1, Ordering::Release);
}
