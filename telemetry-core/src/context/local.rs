//! The thread-local base of the hot path: one block, const-initialised, without a destructor.

use std::cell::{Cell, RefCell};
use std::hash::{BuildHasher, RandomState};
use std::ptr;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64};

use super::current::Current;
use super::exit;
use super::frame::Frame;
use crate::clock::Source;
use crate::pipeline::{GLOBAL, Pipeline};
use crate::ring::{COLD, DropReason, Producer, Slot, state};

/// The token of a thread that has opened no span yet, or is past its end.
pub(crate) const NO_TOKEN: u32 = u32::MAX;
/// Guards dropped out of order that a thread remembers, at the most: more than a program holds at once.
const ORPHANS: usize = 65_536;

/// What a thread knows: its current span, its place in the ring, its identifiers.
pub(crate) struct Local {
    /// The current span, word by word. Atomics, though only this thread touches them: the compiler then moves them as
    /// single words. Two words copied as one that were stored one by one cannot be forwarded from the store buffer,
    /// and behind the cold line of a new slot such a copy waits for main memory.
    trace_high: AtomicU64,
    trace_low: AtomicU64,
    span_id: AtomicU64,
    slot: AtomicPtr<Slot>,
    flags: AtomicU32,
    pub(crate) producer: Cell<&'static Producer>,
    pub(crate) pipeline: Cell<&'static Pipeline>,
    ids: Cell<u64>,
    /// A second sequence, for the upper half of trace identifiers.
    high_ids: Cell<u64>,
    /// The number by which the spans this thread has entered are marked: its own for good.
    pub(crate) token: Cell<u32>,
    /// The innermost frame that has not been left.
    pub(crate) frame: Cell<u64>,
    frames: Cell<u64>,
    /// A [`Source`].
    pub(crate) clock: Cell<u8>,
    /// True when guards have been dropped out of order; the spans they would have restored are in `ORPHANED`.
    pub(crate) disordered: Cell<bool>,
    /// True once the thread's destructors have run.
    ended: Cell<bool>,
}

thread_local! {
    static LOCAL: Local = const {
        Local {
            trace_high: AtomicU64::new(0),
            trace_low: AtomicU64::new(0),
            span_id: AtomicU64::new(0),
            slot: AtomicPtr::new(ptr::null_mut()),
            flags: AtomicU32::new(0),
            producer: Cell::new(&COLD),
            pipeline: Cell::new(&GLOBAL),
            ids: Cell::new(0),
            high_ids: Cell::new(0),
            frame: Cell::new(0),
            frames: Cell::new(0),
            token: Cell::new(NO_TOKEN),
            clock: Cell::new(Source::Unset as u8),
            disordered: Cell::new(false),
            ended: Cell::new(false),
        }
    };
    static ORPHANED: RefCell<Vec<(u64, Current)>> = const { RefCell::new(Vec::new()) };
    static LEFT: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

/// The next thread's token; none is used twice.
static TOKENS: AtomicU32 = AtomicU32::new(state::FIRST_THREAD);

impl Local {
    /// Runs `work` on this thread's block.
    #[inline(always)]
    #[allow(
        unsafe_code,
        reason = "the closure handed to the standard library stays small enough to be inlined"
    )]
    pub(crate) fn with<R>(work: impl FnOnce(&Self) -> R) -> R {
        let local = LOCAL.with(ptr::from_ref);
        // SAFETY: the block is const-initialised and has no destructor, so it lives as long as its thread, which is
        // the one that runs `work`; the reference does not outlive the call.
        work(unsafe { &*local })
    }

    /// This thread's block, for the functions that must be inlined whole: a closure need not be.
    ///
    /// Not to be kept: the reference holds only on this thread, while the caller runs.
    #[inline(always)]
    #[allow(unsafe_code, reason = "as for `with`")]
    pub(crate) fn here<'a>() -> &'a Self {
        let local = LOCAL.with(ptr::from_ref);
        // SAFETY: as in `with`; the callers, all in `span/`, let go of the reference before they return.
        unsafe { &*local }
    }

    /// The current span.
    #[inline(always)]
    pub(crate) fn current(&self) -> Current {
        Current {
            trace_high: self.trace_high.load(Relaxed),
            trace_low: self.trace_low.load(Relaxed),
            span_id: self.span_id.load(Relaxed),
            slot: self.slot.load(Relaxed),
            flags: self.flags.load(Relaxed),
        }
    }

    /// Makes another span current.
    #[inline(always)]
    pub(crate) fn set_current(&self, current: Current) {
        self.trace_high.store(current.trace_high, Relaxed);
        self.trace_low.store(current.trace_low, Relaxed);
        self.flags.store(current.flags, Relaxed);
        self.set_span(current.span_id, current.slot);
    }

    /// Makes another span of the same trace current.
    #[inline(always)]
    pub(crate) fn set_span(&self, span_id: u64, slot: *const Slot) {
        self.span_id.store(span_id, Relaxed);
        self.slot.store(slot.cast_mut(), Relaxed);
    }

    /// The current span's slot; null when there is none, or it only carries identifiers.
    #[inline(always)]
    pub(crate) fn slot(&self) -> *const Slot {
        self.slot.load(Relaxed)
    }

    /// The current span's identifier; zero when there is none.
    #[inline(always)]
    pub(crate) fn span_id(&self) -> u64 {
        self.span_id.load(Relaxed)
    }

    /// Makes another span current and returns the one that was.
    pub(crate) fn replace_current(&self, current: Current) -> Current {
        let before = self.current();
        self.set_current(current);
        before
    }

    /// The next identifier: a counter through a mixing function (`SplitMix64`), so never the same twice in a thread
    /// before 2⁶⁴ of them.
    #[inline(always)]
    pub(crate) fn next_id(&self) -> u64 {
        mixed(&self.ids)
    }

    /// The upper half of the next trace identifier.
    pub(crate) fn next_high_id(&self) -> u64 {
        mixed(&self.high_ids)
    }

    /// Takes a slot by the slow path; on failure the drop has been counted.
    #[cold]
    pub(crate) fn refill(&self) -> Result<&'static Slot, DropReason> {
        self.prepare();
        let pipeline = self.pipeline.get();
        let Some(ring) = pipeline.ring.get() else {
            pipeline.ring.count_not_operational();
            return Err(DropReason::Full);
        };
        if ptr::eq(self.producer.get(), &raw const COLD) {
            if self.ended.get() {
                pipeline.ring.count_not_operational();
                return Err(DropReason::Full);
            }
            self.producer.set(ring.join());
        }
        self.producer.get().refill(ring)
    }

    /// Makes the token, identifiers and the clock ready, once for a thread and pipeline.
    pub(crate) fn prepare(&self) {
        if self.clock.get() == Source::Unset as u8 {
            let pipeline = self.pipeline.get();
            self.clock.set(pipeline.timeline.source() as u8);
            let seed = pipeline.seed().unwrap_or_else(entropy);
            self.ids.set(seed);
            self.high_ids.set(pipeline.seed().unwrap_or_else(entropy));
            if self.token.get() == NO_TOKEN {
                self.token.set(next_token());
            }
            if !self.ended.get() {
                exit::watch();
            }
        }
    }

    /// This thread's token.
    #[inline]
    pub(crate) fn token(&self) -> u32 {
        if self.token.get() == NO_TOKEN {
            self.prepare();
        }
        self.token.get()
    }

    /// Leaves the ring: the reservation goes back, the place to another thread.
    fn leave(&self) {
        let producer = self.producer.replace(&COLD);
        if let (false, Some(ring)) =
            (ptr::eq(producer, &raw const COLD), self.pipeline.get().ring.allocated())
        {
            ring.leave(producer);
        }
        self.clock.set(Source::Unset as u8);
    }

    /// Leaves for good: the thread ends.
    pub(super) fn end(&self) {
        self.leave();
        self.ended.set(true);
        if !ptr::eq(self.pipeline.get(), &raw const GLOBAL) {
            self.pipeline.get().detach();
            self.pipeline.set(&GLOBAL);
        }
    }

    /// Moves this thread to another pipeline.
    pub(crate) fn switch(&self, pipeline: &'static Pipeline) {
        self.leave();
        self.pipeline.get().detach();
        pipeline.attach();
        self.pipeline.set(pipeline);
        pipeline.switch_metrics();
    }

    /// A number for a frame: never the same twice in a thread.
    pub(super) fn next_frame(&self) -> u64 {
        self.frames.set(self.frames.get() + 1);
        self.frames.get()
    }

    /// Remembers a frame that was left before an inner one.
    #[cold]
    pub(super) fn remember_frame(frame: Frame) {
        let _ = LEFT.try_with(|left| left.borrow_mut().push(frame));
    }

    /// The frame of this number, if it was left before an inner one.
    pub(super) fn forget_frame(number: u64) -> Option<Frame> {
        LEFT.try_with(|left| {
            let mut left = left.borrow_mut();
            let at = left.iter().position(|frame| frame.number() == number)?;
            Some(left.swap_remove(at))
        })
        .ok()
        .flatten()
    }

    /// Forgets the guards that were dropped out of order inside a poll: what was current before it comes back whole.
    #[cold]
    pub(crate) fn forget_orphans(&self) {
        let _ = ORPHANED.try_with(|orphans| orphans.borrow_mut().clear());
        self.disordered.set(false);
    }

    /// Remembers what the guard of `span_id` would have restored, which was dropped while another span was current.
    #[cold]
    pub(crate) fn orphan(&self, span_id: u64, saved: Current) {
        let _ = ORPHANED.try_with(|orphans| {
            let mut orphans = orphans.borrow_mut();
            if orphans.len() == ORPHANS {
                orphans.remove(0);
            }
            orphans.push((span_id, saved));
            self.disordered.set(true);
        });
    }

    /// The span to go back to when `saved` may itself have ended out of order.
    #[cold]
    pub(crate) fn heal(&self, saved: Current) -> Current {
        let mut healed = saved;
        let _ = ORPHANED.try_with(|orphans| {
            let mut orphans = orphans.borrow_mut();
            while let Some(at) = orphans.iter().position(|(span_id, _)| *span_id == healed.span_id) {
                healed = orphans.swap_remove(at).1;
            }
            self.disordered.set(!orphans.is_empty());
        });
        healed
    }
}

fn next_token() -> u32 {
    // Past the last number, threads get none: they record spans, and their handles write nothing.
    TOKENS.fetch_update(Relaxed, Relaxed, |token| (token < NO_TOKEN).then_some(token + 1)).unwrap_or(NO_TOKEN)
}

#[inline(always)]
fn mixed(sequence: &Cell<u64>) -> u64 {
    let state = sequence.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
    sequence.set(state);
    let mut mixed = state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    // Zero is no identifier.
    mixed | u64::from(mixed == 0)
}

/// A number that no other thread and no other process has: the operating system's entropy, stirred.
pub(crate) fn entropy() -> u64 {
    RandomState::new().hash_one(std::thread::current().id())
}
