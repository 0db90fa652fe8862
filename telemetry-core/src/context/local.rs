//! The thread-local base of the hot path: one block, const-initialised, without a destructor.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use super::current::{Current, flag};
use super::exit;
use super::sequence::Sequence;
use crate::clock::Source;
use crate::pipeline::{GLOBAL, Pipeline};
use crate::ring::{COLD, DropReason, Producer, Slot, state};

/// The token of a thread that has opened no span yet, or is past its end.
pub(crate) const NO_TOKEN: u32 = u32::MAX;
/// Marks the current slot while guards have been dropped out of order: no guard's slot equals it, so every close then
/// takes the slow path, which puts things right.
const DISORDERED: usize = 2;

/// What a thread knows: its current span, its place in the ring, its identifiers.
///
/// The words of the current span stand apart, so that the compiler moves them one by one. Two words copied as one that
/// were stored one by one cannot be forwarded from the store buffer, and behind the cold line of a new slot such a
/// copy waits for main memory.
#[repr(C)]
pub(crate) struct Local {
    flags: Cell<u32>,
    /// The number by which the spans this thread has entered are marked: its own for good.
    pub(crate) token: Cell<u32>,
    trace_high: Cell<u64>,
    /// The place the fast path takes slots from: this thread's own, or [`COLD`] while spans must open slowly, because
    /// the clock is not [`Source::FAST`] or a panic may be unwinding.
    fast: Cell<&'static Producer>,
    trace_low: Cell<u64>,
    ids: Sequence,
    /// The current span's slot, perhaps with the mark [`DISORDERED`].
    slot: Cell<*const Slot>,
    span_id: Cell<u64>,
    /// The innermost frame that has not been left.
    pub(crate) frame: Cell<u64>,
    pub(crate) pipeline: Cell<&'static Pipeline>,
    pub(crate) producer: Cell<&'static Producer>,
    /// A second sequence, for the upper half of trace identifiers.
    high_ids: Sequence,
    frames: Cell<u64>,
    /// The trace that was last made current without being recorded.
    unrecorded: Cell<Current>,
    /// A [`Source`].
    pub(crate) clock: Cell<u8>,
    /// True when guards have been dropped out of order: `disorder.rs` remembers the spans they would have restored.
    pub(crate) disordered: Cell<bool>,
    /// True once the thread's destructors have run.
    ended: Cell<bool>,
}

thread_local! {
    static LOCAL: Local = const {
        Local {
            flags: Cell::new(0),
            token: Cell::new(NO_TOKEN),
            trace_high: Cell::new(0),
            fast: Cell::new(&COLD),
            trace_low: Cell::new(0),
            ids: Sequence::new(),
            slot: Cell::new(ptr::null()),
            frame: Cell::new(0),
            span_id: Cell::new(0),
            pipeline: Cell::new(&GLOBAL),
            producer: Cell::new(&COLD),
            high_ids: Sequence::new(),
            frames: Cell::new(0),
            unrecorded: Cell::new(Current::NONE),
            clock: Cell::new(Source::Unset as u8),
            disordered: Cell::new(false),
            ended: Cell::new(false),
        }
    };
}

/// The next thread's token; none is used twice.
static TOKENS: AtomicU32 = AtomicU32::new(state::FIRST_THREAD);

/// Told of every thread that opens its first span, on that thread.
static WITNESS: OnceLock<fn(u32)> = OnceLock::new();

/// Tells `witness` the token of this thread, if it has one, and of every thread that gets one from here on.
#[cfg(target_os = "linux")]
pub(crate) fn watch_threads(witness: fn(u32)) {
    let _ = WITNESS.set(witness);
    Local::with(Local::introduce);
}

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
            trace_high: self.trace_high.get(),
            trace_low: self.trace_low.get(),
            span_id: self.span_id.get(),
            slot: self.slot(),
            flags: self.flags.get(),
        }
    }

    /// The identifier of the current trace, in halves.
    #[inline(always)]
    pub(crate) fn trace(&self) -> (u64, u64) {
        (self.trace_high.get(), self.trace_low.get())
    }

    /// Makes another span current.
    #[inline(always)]
    pub(crate) fn set_current(&self, current: Current) {
        self.trace_high.set(current.trace_high);
        self.trace_low.set(current.trace_low);
        self.flags.set(current.flags);
        self.set_span(current.span_id, current.slot);
        if self.is_unrecorded() {
            self.unrecorded.set(current);
        }
    }

    /// The trace of this identifier, if it is the last one that was made current without being recorded.
    pub(crate) fn unrecorded(&self, span_id: u64) -> Option<Current> {
        Some(self.unrecorded.get()).filter(|trace| trace.span_id == span_id)
    }

    /// Makes another span of the same trace current.
    #[inline(always)]
    pub(crate) fn set_span(&self, span_id: u64, slot: *const Slot) {
        self.span_id.set(span_id);
        self.slot.set(slot);
    }

    /// The current span's slot; null when there is none, or it only carries identifiers.
    #[inline(always)]
    pub(crate) fn slot(&self) -> *const Slot {
        Self::unmarked(self.marked_slot())
    }

    /// A current slot without its mark.
    #[inline(always)]
    pub(crate) fn unmarked(slot: *const Slot) -> *const Slot {
        slot.map_addr(|address| address & !DISORDERED)
    }

    /// The current span's slot with its mark: equal to a guard's only when guards are dropped in order.
    #[inline(always)]
    pub(crate) fn marked_slot(&self) -> *const Slot {
        self.slot.get()
    }

    /// The current span's identifier; zero when there is none.
    #[inline(always)]
    pub(crate) fn span_id(&self) -> u64 {
        self.span_id.get()
    }

    /// The current span's flags.
    #[inline(always)]
    pub(crate) fn flags(&self) -> u32 {
        self.flags.get()
    }

    /// Changes the current span's flags, and gives back those before.
    pub(crate) fn replace_flags(&self, flags: u32) -> u32 {
        self.flags.replace(flags)
    }

    /// Whether a trace is current that is not recorded: no child of it is.
    #[inline(always)]
    pub(crate) fn is_unrecorded(&self) -> bool {
        self.flags() & (flag::SAMPLED | flag::ACTIVE) == flag::ACTIVE
    }

    /// Whether the thread has its token, identifiers and clock, and its end is watched.
    #[inline(always)]
    pub(crate) fn is_prepared(&self) -> bool {
        self.clock.get() != Source::Unset as u8
    }

    /// Whether spans open in the process's pipeline here, by the fast clock.
    pub(crate) fn is_plain(&self) -> bool {
        self.clock.get() == Source::FAST as u8 && ptr::eq(self.pipeline.get(), &raw const GLOBAL)
    }

    /// Whether the thread's end has been watched to its end: what it keeps from here on nobody frees.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.get()
    }

    /// Takes a slot of the thread's reservation, when spans may open by the fast path here.
    #[inline(always)]
    pub(crate) fn take_fast(&self) -> Option<&'static Slot> {
        self.fast.get().take()
    }

    /// Sends the next span through the slow path, which looks whether a panic is unwinding.
    #[cold]
    pub(crate) fn hold_back(&self) {
        self.fast.set(&COLD);
    }

    /// Lets spans open by the fast path where the thread's clock allows it; false where it does not, and while a panic
    /// is unwinding.
    pub(crate) fn let_go(&self) -> bool {
        let free = self.clock.get() == Source::FAST as u8 && !std::thread::panicking();
        self.fast.set(if free { self.producer.get() } else { &COLD });
        free
    }

    /// The next identifier of a span.
    #[inline(always)]
    pub(crate) fn next_span_id(&self) -> u64 {
        self.ids.next_span()
    }

    /// The next identifier that is well mixed in every bit, as samplers want it of a trace.
    pub(crate) fn next_id(&self) -> u64 {
        self.ids.next()
    }

    /// The upper half of the next trace identifier.
    pub(crate) fn next_high_id(&self) -> u64 {
        self.high_ids.next()
    }

    /// The identifier of a trace that is still to begin.
    pub(crate) fn reserve_trace(&self) -> u128 {
        self.prepare();
        u128::from(self.next_high_id()) << 64 | u128::from(self.next_id())
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
            self.let_go();
        }
        self.ids.skip_zero();
        self.producer.get().refill(ring)
    }

    /// Makes the token, identifiers and the clock ready, once for a thread and pipeline.
    pub(crate) fn prepare(&self) {
        if !self.is_prepared() {
            let pipeline = self.pipeline.get();
            self.clock.set(pipeline.timeline.source() as u8);
            let seed = pipeline.seed().unwrap_or_else(entropy);
            self.ids.begin(seed);
            self.high_ids.begin(pipeline.seed().unwrap_or_else(entropy));
            if self.token.get() == NO_TOKEN {
                self.token.set(next_token());
                self.introduce();
            }
            if !self.ended.get() {
                exit::watch();
            }
        }
    }

    /// Tells the witness of this thread, if it has its token.
    fn introduce(&self) {
        if let Some(witness) = WITNESS.get().filter(|_| self.token.get() != NO_TOKEN) {
            witness(self.token.get());
        }
    }

    /// Leaves the ring: the reservation goes back, the place to another thread.
    fn leave(&self) {
        self.fast.set(&COLD);
        let producer = self.producer.replace(&COLD);
        if let (false, Some(ring)) =
            (ptr::eq(producer, &raw const COLD), self.pipeline.get().ring.allocated())
        {
            ring.leave(producer);
        }
        self.clock.set(Source::Unset as u8);
    }

    /// Begins anew in the child of a fork, which has one thread: its next span takes new identifiers and a place in another
    /// ring, and what the thread had entered is written by nobody any more. Only words are written: this runs where nothing
    /// else may be done.
    pub(crate) fn begin_anew(&self) {
        self.fast.set(&COLD);
        self.producer.set(&COLD);
        self.clock.set(Source::Unset as u8);
        self.token.set(NO_TOKEN);
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
    pub(crate) fn next_frame(&self) -> u64 {
        self.frames.set(self.frames.get() + 1);
        self.frames.get()
    }

    /// Says whether guards have been dropped out of order, and marks the current slot so.
    pub(super) fn set_disordered(&self, disordered: bool) {
        self.disordered.set(disordered);
        let mark = if disordered { DISORDERED } else { 0 };
        self.slot.set(self.slot().map_addr(|address| address | mark));
    }
}

fn next_token() -> u32 {
    // Past the last number, threads get none: they record spans, and their handles write nothing.
    TOKENS.fetch_update(Relaxed, Relaxed, |token| (token < NO_TOKEN).then_some(token + 1)).unwrap_or(NO_TOKEN)
}

/// A number that no other thread and no other process has: the operating system's entropy, stirred. The child of a fork
/// has its parent's entropy, and a number of its own.
pub(crate) fn entropy() -> u64 {
    RandomState::new().hash_one((std::thread::current().id(), std::process::id()))
}
