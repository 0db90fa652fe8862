//! The ring itself: its runs of slots, how they are claimed, and what is reclaimed when none is free.

use std::ptr;

use crossbeam_utils::CachePadded;

use super::barrier::{self, Side};
use super::producer::Producer;
use super::slot::Slot;
use super::wake::Wake;
use crate::sync::{AtomicBool, AtomicPtr, AtomicU64, Ordering, fence, hint};

/// Slots in a run, at the most.
const RUN_SLOTS: usize = if cfg!(loom) { 4 } else { 32 };
/// How often a thread that found nothing looks again while another thread is reclaiming.
const LOOKS_WHILE_RECLAIMING: usize = if cfg!(loom) { 1 } else { 64 };
/// How often the close looks for reservations that are still held; more than any owner needs to come back.
const SWEEPS_AT_CLOSE: usize = if cfg!(loom) { 3 } else { 100_000 };
/// A reservation takes at most this part of what would be each thread's share of the ring.
const SHARE_PER_THREAD: usize = if cfg!(loom) { 1 } else { 16 };

/// Slots taken by one compare-and-swap: bits above the first slot of their run.
pub(crate) struct Claim {
    pub(super) base: &'static Slot,
    pub(super) mask: u32,
    /// The bits that are set in `mask`.
    pub(super) count: u32,
}

/// A ring of `capacity` slots, allocated once and kept for the life of the process.
pub(crate) struct Ring {
    pub(super) slots: &'static [Slot],
    /// One word a run: the slots that are free, as bits.
    pub(super) free: Box<[RunWord]>,
    progress: CachePadded<Progress>,
    /// Counts every time slots are given back, so that a thread that found the ring full need not look again.
    returns: CachePadded<AtomicU64>,
    reclaiming: AtomicBool,
    closed: AtomicBool,
    /// True from the moment the drain was woken until it has come.
    knocked: AtomicBool,
    /// The head of the list of every place ever made. Pushed to by new threads; read by everyone.
    places: AtomicPtr<Producer>,
    pub(super) threads: AtomicU64,
    asymmetric: bool,
    /// Where a thread passes the asymmetric barrier that has only just come.
    joining: Side,
    /// Wakes the drain; rung when occupancy passes the watermark.
    wake: &'static Wake,
}

/// The free slots of one run, on a line of its own.
#[repr(align(64))]
pub(super) struct RunWord(pub(super) AtomicU64);

/// The words every claim writes, once a run.
struct Progress {
    /// The run to look at next: a hint, which a claim that runs beside another may overwrite.
    cursor: AtomicU64,
    /// Slots that are reserved, open or complete. Added to by claims, taken from by the consumer and by returns.
    occupied: AtomicU64,
    /// At this occupancy the drain is woken: a quarter of the ring, and a quarter of the rest above what spans held for
    /// long occupy. Written by the drain.
    watermark: AtomicU64,
}

impl Ring {
    /// A ring over `slots`, whose number is a power of two; `wake` rings when a quarter of them is occupied.
    pub(crate) fn new(slots: &'static [Slot], wake: &'static Wake) -> Self {
        let run = RUN_SLOTS.min(slots.len());
        let full = (1u64 << run) - 1;
        Self {
            slots,
            free: (0..slots.len() / run).map(|_| RunWord(AtomicU64::new(full))).collect(),
            progress: CachePadded::new(Progress {
                cursor: AtomicU64::new(0),
                occupied: AtomicU64::new(0),
                watermark: AtomicU64::new(slots.len() as u64 / 4),
            }),
            returns: CachePadded::new(AtomicU64::new(0)),
            reclaiming: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            knocked: AtomicBool::new(false),
            places: AtomicPtr::new(ptr::null_mut()),
            threads: AtomicU64::new(0),
            asymmetric: barrier::register(),
            joining: Side::new(),
            wake,
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// The memory the ring lies in, which is its threads' to write.
    #[cfg(not(loom))]
    pub(crate) const fn memory(&self) -> *const [Slot] {
        ptr::from_ref(self.slots)
    }

    /// Slots that are reserved, open, or complete and not yet drained.
    pub(crate) fn occupied(&self) -> u64 {
        self.progress.occupied.load(Ordering::Relaxed)
    }

    pub(super) const fn run_slots(&self) -> usize {
        if self.slots.len() < RUN_SLOTS { self.slots.len() } else { RUN_SLOTS }
    }

    pub(super) fn returns(&self) -> u64 {
        // Acquire: pairs with the Release in `announce_returns`; a changed count shows the slots that came back.
        self.returns.load(Ordering::Acquire)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// The barrier on the side of the many: free, where the other side's is heavy.
    pub(super) fn light(&self, side: &Side) {
        if self.asymmetric {
            side.light();
        } else {
            // SeqCst: pairs with the fence in `close`.
            fence(Ordering::SeqCst);
        }
    }

    /// The barrier on the side of the one; false where the system has none.
    pub(super) fn heavy(&self) -> bool {
        // The places after `joining`: whoever passes it later sees what came before this.
        let places = std::iter::once(()).flat_map(|()| self.places());
        let sides = std::iter::once(&self.joining).chain(places.map(|place| &place.side));
        self.asymmetric && barrier::heavy(sides)
    }

    /// Refuses every new span from here on: sets the mark, then takes every reservation, so that each thread comes
    /// by its slow path and sees it.
    ///
    /// When it returns, [`Ring::counts`] counts as opened every span that has a slot or will ever get one; beside them
    /// at most one a thread, of a span that was just being opened and will be refused.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        // Pairs with the barriers in `Producer::reserve` and `Producer::put_back`: the mark comes before the look at
        // reservations, as they come before the look at the mark. What is not seen here will be refused there.
        if !self.heavy() {
            fence(Ordering::SeqCst);
        }
        // Whoever is at it comes to an end: the child of a fork, where it would not be there, never closes its parent's ring.
        while !self.begin_reclaim() {
            hint::spin_loop();
        }
        // An owner that comes back in the middle keeps its reservation, sees the mark and gives it back.
        let mut sweeps = 0;
        while sweeps < SWEEPS_AT_CLOSE && self.places().any(|place| place.unopened() != 0) {
            self.reclaim_idle();
            hint::spin_loop();
            sweeps += 1;
        }
        self.end_reclaim();
    }

    /// Lets spans in again, and lets them wake whatever drain there is now.
    pub(crate) fn reopen(&self) {
        self.knocked.store(false, Ordering::Relaxed);
        self.closed.store(false, Ordering::Relaxed);
    }

    /// A place for the calling thread: one that another has left, or a new one.
    pub(crate) fn join(&self) -> &'static Producer {
        self.threads.fetch_add(1, Ordering::Relaxed);
        for place in self.places() {
            // Acquire: pairs with the Release in `Producer::release`; what its last owner wrote is visible.
            if !place.taken.load(Ordering::Relaxed) && !place.taken.swap(true, Ordering::Acquire) {
                return place;
            }
        }
        // Acquire: pairs with the Release below; `next` of the new place points at whole ones.
        let mut head = self.places.load(Ordering::Acquire);
        loop {
            let place = Box::into_raw(Box::new(Producer::new(head)));
            // Release: pairs with the Acquire load in `places`; the new place is complete when it can be seen.
            match self.places.compare_exchange(head, place, Ordering::Release, Ordering::Acquire) {
                Ok(_) => {
                    // Pairs with the heavy barrier: what came before it is seen here, or the place is seen there.
                    self.joining.light();
                    return Self::after(place).expect("a place just made is not null");
                }
                Err(now) => {
                    Self::unmake(place);
                    head = now;
                }
            }
        }
    }

    /// Whether any thread has a place.
    pub(crate) fn has_threads(&self) -> bool {
        self.threads.load(Ordering::Relaxed) != 0
    }

    /// Takes the calling thread out of the ring.
    pub(crate) fn leave(&self, producer: &'static Producer) {
        producer.release(self);
        self.threads.fetch_sub(1, Ordering::Relaxed);
    }

    #[allow(unsafe_code, reason = "places are reached through the head of their list")]
    fn after<'a>(place: *const Producer) -> Option<&'a Producer> {
        // SAFETY: places are boxed, leaked when published, and never freed.
        unsafe { place.as_ref() }
    }

    #[allow(unsafe_code, reason = "a place that lost the race is taken back")]
    fn unmake(place: *mut Producer) {
        // SAFETY: `place` came from `Box::into_raw` in `join` and was not published.
        drop(unsafe { Box::from_raw(place) });
    }

    pub(super) fn places(&self) -> impl Iterator<Item = &'static Producer> + use<> {
        // Acquire: pairs with the Release that published the newest place in `join`, and through it the older ones.
        std::iter::successors(Self::after(self.places.load(Ordering::Acquire)), |place| {
            Self::after(place.next)
        })
    }

    /// Reserves slots: from a run with free ones, else out of idle reservations. Fails with whether it looked
    /// everywhere: then nothing will be found before something has been given back.
    pub(super) fn claim(&self) -> Result<Claim, bool> {
        for _ in 0..LOOKS_WHILE_RECLAIMING {
            if let Some(claim) = self.claim_free(self.want()) {
                return Ok(claim);
            }
            if !self.asymmetric {
                return Err(true);
            }
            if self.begin_reclaim() {
                let everywhere = self.reclaim_idle();
                self.end_reclaim();
                return self.claim_free(1).ok_or(everywhere);
            }
            hint::spin_loop();
        }
        Err(false)
    }

    /// How many slots a reservation may take now: a whole run while there is plenty, one when it gets tight.
    fn want(&self) -> u32 {
        let threads = self.threads.load(Ordering::Relaxed) as usize;
        let tight = self.occupied() as usize >= self.capacity() / 4 * 3;
        if !self.asymmetric || tight {
            return 1;
        }
        (self.capacity() / (SHARE_PER_THREAD * threads.max(1))).clamp(1, RUN_SLOTS) as u32
    }

    fn claim_free(&self, want: u32) -> Option<Claim> {
        let runs = self.free.len();
        let start = self.progress.cursor.load(Ordering::Relaxed) as usize;
        for step in 0..runs {
            let run = (start + step) & (runs - 1);
            let word = &self.free[run].0;
            let mut free = word.load(Ordering::Relaxed);
            while free != 0 {
                let (mask, count) = lowest(free, want);
                // Acquire: pairs with the Release that gave the slots back; their last use is over.
                match word.compare_exchange_weak(free, free & !mask, Ordering::Acquire, Ordering::Relaxed) {
                    Ok(_) => {
                        self.progress.cursor.store(run as u64 + 1, Ordering::Relaxed);
                        self.occupy(u64::from(count));
                        let base = &self.slots[run * self.run_slots()];
                        return Some(Claim { base, mask: mask as u32, count });
                    }
                    Err(now) => free = now,
                }
            }
        }
        None
    }

    fn occupy(&self, slots: u64) {
        let occupied = self.progress.occupied.fetch_add(slots, Ordering::Relaxed) + slots;
        if occupied >= self.progress.watermark.load(Ordering::Relaxed) {
            self.knock();
        }
    }

    /// Wakes the drain, once until it has come.
    pub(super) fn knock(&self) {
        if !self.knocked.load(Ordering::Relaxed)
            && !self.knocked.swap(true, Ordering::Relaxed)
            && !self.wake.ring()
        {
            // Whoever has the bell may be ringing it for an earlier knock: the next claim tries again.
            self.knocked.store(false, Ordering::Relaxed);
        }
    }

    /// The drain has come: from here on it can be woken again.
    pub(super) fn answer(&self) {
        self.knocked.store(false, Ordering::Relaxed);
    }

    /// The drain has been everywhere: it is woken again when a quarter of what is free now has been taken.
    pub(super) fn set_watermark(&self) {
        let occupied = self.occupied();
        let free = (self.capacity() as u64).saturating_sub(occupied);
        self.progress.watermark.store(occupied + free / 4, Ordering::Relaxed);
    }

    /// Gives slots of the run at `base` back to whoever wants them.
    pub(super) fn give_back(&self, base: *const Slot, mask: u32) {
        if mask == 0 {
            return;
        }
        let index = (base.addr() - self.slots.as_ptr().addr()) / size_of::<Slot>();
        self.free_slots(index / self.run_slots(), u64::from(mask));
        self.announce_returns();
    }

    /// Puts slots into the free word of their run; [`Ring::announce_returns`] follows once for many.
    pub(super) fn free_slots(&self, run: usize, mask: u64) {
        self.progress.occupied.fetch_sub(u64::from(mask.count_ones()), Ordering::Relaxed);
        // Release: pairs with the Acquire of the claim that takes them.
        self.free[run].0.fetch_or(mask, Ordering::Release);
    }

    pub(super) fn announce_returns(&self) {
        // Release: pairs with the Acquire load in `returns`.
        self.returns.fetch_add(1, Ordering::Release);
    }

    /// Makes the calling thread the one that reclaims; false when another is at it.
    fn begin_reclaim(&self) -> bool {
        // Acquire: pairs with the Release that ends another's reclaim; what it gave back is visible.
        self.reclaiming.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    fn end_reclaim(&self) {
        // Release: pairs with the Acquire of the next reclaimer.
        self.reclaiming.store(false, Ordering::Release);
    }

    /// Takes every idle reservation and gives its slots back; true when none was passed over. One thread at a time,
    /// guarded by `reclaiming`.
    fn reclaim_idle(&self) -> bool {
        let announced = self.places().filter(|place| place.announce()).count();
        if announced == 0 {
            return self.places().all(|place| place.unopened() == 0);
        }
        if !self.heavy() {
            self.places().for_each(Producer::withdraw);
            return false;
        }
        let mut reclaimed = 0;
        for (base, mask) in self.places().filter_map(Producer::reclaim) {
            self.give_back(base, mask);
            reclaimed += 1;
        }
        reclaimed == announced
    }
}

/// The lowest `want` bits that are set in `word`, or all where there are fewer; and how many they are.
fn lowest(word: u64, want: u32) -> (u64, u32) {
    let count = word.count_ones();
    if count <= want {
        return (word, count);
    }
    let mut rest = word;
    for _ in 0..want {
        rest &= rest - 1;
    }
    (word & !rest, want)
}
