//! The ring of a pipeline: intended, allocated at the first span, or failed.

use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::fork;
use super::slots::allocate;
use crate::forking::Keeper;
use crate::ring::{Ring, Slot, Wake};

/// Slots in a ring when nothing else is said.
pub(crate) const DEFAULT_CAPACITY: usize = 16_384;
/// The smallest ring.
pub(crate) const MIN_CAPACITY: usize = 256;
/// The largest ring.
pub(crate) const MAX_CAPACITY: usize = 16_777_216;

/// Why a ring could not be configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RingError {
    /// The capacity is not one a ring can have.
    #[error("ring capacity {0} is invalid: expected a power of two from {MIN_CAPACITY} to {MAX_CAPACITY}")]
    InvalidCapacity(usize),
    /// The ring is live; its capacity is fixed for the life of the process.
    #[error("the ring is already in use with {0} slots: configure it before the first span")]
    AlreadyInUse(usize),
}

/// How slots are allocated; tests put a failing one in.
pub(crate) type Allocate = fn(usize) -> Option<&'static [Slot]>;

/// The ring and how it comes to be.
pub(crate) struct RingCell {
    /// Null until the first span. Written once, under `state`.
    ring: AtomicPtr<Ring>,
    state: Mutex<State>,
    not_operational: AtomicU64,
    /// Spans that found no ring in the child of a fork, where telemetry could not go on.
    forked: AtomicU64,
    /// Rung when the ring fills.
    pub(crate) wake: Wake,
}

struct State {
    capacity: usize,
    failed: bool,
    closed: bool,
    allocate: Allocate,
}

impl RingCell {
    pub(crate) const fn new() -> Self {
        Self {
            ring: AtomicPtr::new(ptr::null_mut()),
            state: Mutex::new(State { capacity: DEFAULT_CAPACITY, failed: false, closed: false, allocate }),
            not_operational: AtomicU64::new(0),
            forked: AtomicU64::new(0),
            wake: Wake::new(),
        }
    }

    /// Sets the capacity the ring will have. A failed allocation may be tried again so.
    pub(crate) fn configure(&self, capacity: usize) -> Result<(), RingError> {
        if !capacity.is_power_of_two() || !(MIN_CAPACITY..=MAX_CAPACITY).contains(&capacity) {
            return Err(RingError::InvalidCapacity(capacity));
        }
        let mut state = self.lock();
        if let Some(ring) = self.allocated() {
            return Err(RingError::AlreadyInUse(ring.capacity()));
        }
        state.capacity = capacity;
        state.failed = false;
        Ok(())
    }

    /// Puts another allocator in.
    pub(crate) fn set_allocate(&self, allocate: Allocate) {
        self.lock().allocate = allocate;
    }

    /// The capacity, live or intended.
    pub(crate) fn capacity(&self) -> usize {
        self.allocated().map_or_else(|| self.lock().capacity, Ring::capacity)
    }

    /// The ring, if there is one already.
    #[inline]
    #[allow(unsafe_code, reason = "the ring is published once through a pointer")]
    pub(crate) fn allocated(&self) -> Option<&'static Ring> {
        // SAFETY: the pointer is null or came from a leaked box, published with Release below.
        unsafe { self.ring.load(Ordering::Acquire).as_ref() }
    }

    /// The ring, allocated if this is the first span.
    pub(crate) fn get(&'static self) -> Option<&'static Ring> {
        self.allocated().or_else(|| self.allocate())
    }

    #[cold]
    fn allocate(&'static self) -> Option<&'static Ring> {
        fork::resume();
        if fork::is_halted() {
            return None;
        }
        let mut state = self.lock();
        if let Some(ring) = self.allocated() {
            return Some(ring);
        }
        if state.failed {
            return None;
        }
        let Some(slots) = (state.allocate)(state.capacity) else {
            state.failed = true;
            return None;
        };
        Some(self.publish(&state, slots))
    }

    /// Puts the ring in memory of another kind, which `map` gives for its capacity; false where there is a ring already,
    /// or no such memory.
    pub(crate) fn place(&'static self, map: impl FnOnce(usize) -> Option<&'static [Slot]>) -> bool {
        let state = self.lock();
        let slots = if self.allocated().is_none() { map(state.capacity) } else { None };
        slots.map(|slots| self.publish(&state, slots)).is_some()
    }

    fn publish(&'static self, state: &State, slots: &'static [Slot]) -> &'static Ring {
        let ring = Box::leak(Box::new(Ring::new(slots, &self.wake)));
        if state.closed {
            ring.close();
        }
        // Release: pairs with the Acquire in `allocated`; whoever sees the pointer sees the ring.
        self.ring.store(ring, Ordering::Release);
        ring
    }

    /// Refuses new spans from here on, or lets them in again.
    pub(crate) fn set_closed(&self, closed: bool) {
        let mut state = self.lock();
        state.closed = closed;
        match self.allocated() {
            Some(ring) if closed => ring.close(),
            Some(ring) => ring.reopen(),
            None => {}
        }
    }

    /// Counts a span that found no ring.
    #[cold]
    pub(crate) fn count_not_operational(&self) {
        let count = if fork::is_halted() { &self.forked } else { &self.not_operational };
        count.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn forked(&self) -> u64 {
        self.forked.load(Ordering::Relaxed)
    }

    /// Has the locks held while the process forks.
    pub(crate) fn hold(&'static self, keeper: &mut Keeper) {
        keeper.hold(&self.state);
        self.wake.hold(keeper);
    }

    /// Leaves the ring to the parent, in the child of a fork: the next span has another one made. The spans in it are the
    /// parent's, and guards that are still open write where nobody reads.
    pub(crate) fn begin_anew(&self) {
        self.ring.store(ptr::null_mut(), Ordering::Release);
        self.not_operational.store(0, Ordering::Relaxed);
    }

    pub(crate) fn not_operational(&self) -> u64 {
        self.not_operational.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
