//! Time: ticks on the hot path, wall-clock nanoseconds in the drain.
//!
//! A span stores raw ticks. The drain turns them into time with the *epoch* that was in force when the span's local
//! root was opened: one straight line from ticks to wall time, fixed for good. So all spans of a trace share one
//! line, whatever the wall clock does meanwhile: none has a negative length and no child starts before its parent.
//! At each tick of the drain the current line is compared with the wall clock; past [`DRIFT_LIMIT_NANOS`] a new epoch
//! begins, for the traces that begin then.

mod epoch;
mod source;
mod started;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

use crate::context::Local;
use crate::forking::Keeper;
use epoch::Epochs;
pub(crate) use epoch::Line;
pub(crate) use source::{Source, fast_ticks};
pub use started::{Lapse, Started};

/// How far the time of a new trace may be from the wall clock: 50 µs, beside what one drain interval adds.
pub const DRIFT_LIMIT_NANOS: u64 = 50_000;

/// A pipeline's clock.
#[derive(Debug)]
pub(crate) struct Timeline {
    /// A [`Source`]; written before the first span, read when a thread joins.
    source: AtomicU8,
    /// The epoch for traces that begin now. Written by the drain, read when a local root is opened.
    epoch: AtomicU32,
    /// Seconds a tick of [`Source::FAST`], as the bits of an `f64`; zero while that is not the source, or the rate is not
    /// known. Written where the epoch is.
    fast_rate: AtomicU64,
    /// The hands of the manual clock, in nanoseconds since the Unix epoch.
    manual: AtomicU64,
    epochs: Mutex<Epochs>,
}

impl Timeline {
    pub(crate) const fn new() -> Self {
        Self {
            source: AtomicU8::new(Source::Unset as u8),
            epoch: AtomicU32::new(0),
            fast_rate: AtomicU64::new(0),
            manual: AtomicU64::new(0),
            epochs: Mutex::new(Epochs::new()),
        }
    }

    /// The source, chosen at the first call.
    pub(crate) fn source(&self) -> Source {
        match Source::from_u8(self.source.load(Ordering::Relaxed)) {
            Source::Unset => {
                let source = Source::best();
                self.source.store(source as u8, Ordering::Relaxed);
                self.lock().begin(source);
                source
            }
            source => source,
        }
    }

    /// Puts a manual clock in, standing at `unix_nanos`.
    pub(crate) fn set_manual(&self, unix_nanos: u64) {
        self.source.store(Source::Manual as u8, Ordering::Relaxed);
        self.fast_rate.store(0, Ordering::Relaxed);
        self.manual.store(unix_nanos, Ordering::Relaxed);
    }

    /// Goes back to the best real clock.
    pub(crate) fn set_real(&self) {
        self.source.store(Source::Unset as u8, Ordering::Relaxed);
        self.fast_rate.store(0, Ordering::Relaxed);
    }

    /// Moves the manual clock on.
    pub(crate) fn advance(&self, nanos: u64) {
        self.manual.fetch_add(nanos, Ordering::Relaxed);
    }

    /// The epoch for a trace that begins now, below 256.
    #[inline(always)]
    pub(crate) fn epoch(&self) -> u32 {
        self.epoch.load(Ordering::Relaxed)
    }

    /// Reads a clock that is not the time-stamp counter.
    #[cold]
    fn read(&self) -> u64 {
        match self.source() {
            Source::Manual => self.manual.load(Ordering::Relaxed),
            source => source.ticks(),
        }
    }

    /// The ticks of now, from wherever they are asked for.
    pub(crate) fn ticks(&self) -> u64 {
        self.read()
    }

    /// Nanoseconds since some moment, which steps of the wall clock do not move.
    pub(crate) fn monotonic_nanos(&self) -> u64 {
        match self.source() {
            Source::Manual => self.manual.load(Ordering::Relaxed),
            _ => source::monotonic_nanos(),
        }
    }

    /// The wall-clock time of now, in nanoseconds since the Unix epoch.
    pub(crate) fn unix_nanos(&self) -> u64 {
        match self.source() {
            Source::Manual => self.manual.load(Ordering::Relaxed),
            _ => source::wall_nanos(),
        }
    }

    /// Compares the current epoch with the wall clock and begins a new one where they have parted.
    pub(crate) fn anchor(&self) {
        let source = self.source();
        if source != Source::Manual {
            let mut epochs = self.lock();
            let epoch = epochs.anchor(source);
            self.epoch.store(epoch, Ordering::Relaxed);
            let rate = if source == Source::FAST { epochs.seconds_a_tick(epoch) } else { 0.0 };
            self.fast_rate.store(rate.to_bits(), Ordering::Relaxed);
        }
    }

    /// Seconds a tick of the fast clock; zero while that is not the source, and before the first look at the clocks.
    #[inline]
    fn fast_rate(&self) -> f64 {
        f64::from_bits(self.fast_rate.load(Ordering::Relaxed))
    }

    /// How to turn ticks into time: one look at the lock for a whole batch.
    pub(crate) fn conversion(&self) -> Conversion {
        let source = self.source();
        let mut epochs = self.lock();
        epochs.settle(source);
        Conversion { manual: source == Source::Manual, epochs: epochs.clone() }
    }

    /// Has the lock held while the process forks.
    pub(crate) fn hold(&'static self, keeper: &mut Keeper) {
        keeper.hold(&self.epochs);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Epochs> {
        self.epochs.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Turns the ticks of a batch of spans into time.
pub(crate) struct Conversion {
    manual: bool,
    epochs: Epochs,
}

impl Conversion {
    /// That of another process, by the numbers of its epochs. Any numbers give some time.
    pub(crate) fn of_lines(lines: &[Line]) -> Self {
        Self { manual: false, epochs: Epochs::of_lines(lines) }
    }

    /// The lines it goes by, by the numbers of their epochs.
    pub(crate) fn lines(&self) -> Vec<Line> {
        self.epochs.lines()
    }

    /// Nanoseconds since the Unix epoch at `ticks`, by the line of `epoch`.
    pub(crate) fn unix_nanos(&self, epoch: u32, ticks: u64) -> u64 {
        if self.manual { ticks } else { self.epochs.unix_nanos(epoch, ticks) }
    }

    /// The nanoseconds between two readings; zero when the second lies before the first.
    pub(crate) fn nanos_between(&self, epoch: u32, from: u64, to: u64) -> u64 {
        let ticks = to.saturating_sub(from);
        if self.manual { ticks } else { self.epochs.nanos(epoch, ticks) }
    }
}

/// The ticks of now on this thread's pipeline.
#[inline(always)]
pub(crate) fn ticks(local: &Local) -> u64 {
    if local.clock.get() == Source::FAST as u8 {
        return fast_ticks();
    }
    local.pipeline.get().timeline.read()
}

#[cfg(test)]
mod tests;
