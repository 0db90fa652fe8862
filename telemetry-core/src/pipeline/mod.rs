//! A pipeline: a ring, its clock, its sampler, its counts. One for the process, one more for every isolated scope.

mod accounting;
mod at_exit;
mod bootstrap;
mod builder;
mod draining;
mod evidence;
mod fork;
mod health;
mod process;
mod ring_cell;
mod running;
mod slots;
mod source;
mod stopping;
mod telemetry;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::clock::Timeline;
use crate::filter::Filter;
use crate::forking::Keeper;
use crate::keep;
use crate::metric::{self, MetricStore};
use crate::sample::SamplerCell;
use crate::span::CallSite;
pub use accounting::Accounting;
pub use bootstrap::{Bootstrap, ConfigureError, configure, configure_from_settings};
pub use builder::{StartError, TelemetryBuilder};
use draining::Consumer;
pub use fork::resume as resume_after_fork;
pub(crate) use health::health;
pub(crate) use ring_cell::RingCell;
pub use ring_cell::RingError;
pub(crate) use slots::allocate;
pub use stopping::Stopping;
pub use telemetry::{Telemetry, disable, enable, is_enabled};

/// Everything that spans of one process, or of one test, share.
pub(crate) struct Pipeline {
    pub(crate) timeline: Timeline,
    pub(crate) ring: RingCell,
    pub(crate) sampler: SamplerCell,
    /// Which call sites record here. Gates have the answer for the process at hand; where they are mixed, they ask here.
    filter: Mutex<Filter>,
    /// Whether spans opened here are recorded.
    enabled: AtomicBool,
    /// Writes that came too late or from a thread that had not entered the span.
    pub(crate) late: AtomicU64,
    /// Spans the drain has handed on.
    taken: AtomicU64,
    /// Spans the drain has dropped, of traces that are kept for how they end.
    not_kept: AtomicU64,
    /// Whether traces are kept for how they end.
    watching: AtomicBool,
    keep_counts: keep::Counts,
    /// The next seed for a thread's identifiers, where they are to be the same every time; zero for real entropy.
    seeds: AtomicU64,
    consumer: Mutex<Consumer>,
    /// Counts the scopes that have used this pipeline up: a context of an earlier one is void.
    generation: AtomicU64,
    /// Threads whose base this is, beside those of the process's pipeline.
    attached: AtomicU64,
    metrics: Mutex<&'static MetricStore>,
}

/// The pipeline of the process.
pub(crate) static GLOBAL: Pipeline = Pipeline::new();

impl Pipeline {
    pub(crate) const fn new() -> Self {
        Self {
            timeline: Timeline::new(),
            ring: RingCell::new(),
            sampler: SamplerCell::new(),
            filter: Mutex::new(Filter::EVERYTHING),
            enabled: AtomicBool::new(false),
            late: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            not_kept: AtomicU64::new(0),
            watching: AtomicBool::new(false),
            keep_counts: keep::Counts::new(),
            seeds: AtomicU64::new(0),
            consumer: Mutex::new(Consumer::new()),
            generation: AtomicU64::new(0),
            attached: AtomicU64::new(0),
            metrics: Mutex::new(&metric::GLOBAL),
        }
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.enabled.load(Ordering::Relaxed)
    }

    pub(crate) fn set_enabled(&self, enabled: bool) {
        metric::set_moment(source::moment);
        self.enabled.store(enabled, Ordering::Relaxed);
    }

    /// Whether the filter keeps the spans of a call site out.
    pub(crate) fn filters(&self, site: &CallSite) -> bool {
        !site.passes(&self.filter.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another filter in.
    pub(crate) fn set_filter(&self, filter: Filter) {
        *self.filter.lock().unwrap_or_else(PoisonError::into_inner) = filter;
    }

    /// The filter in force.
    pub(crate) fn filter(&self) -> Filter {
        self.filter.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The seed of a thread's identifiers, where the pipeline wants them the same every time.
    pub(crate) fn seed(&self) -> Option<u64> {
        match self.seeds.load(Ordering::Relaxed) {
            0 => None,
            _ => Some(self.seeds.fetch_add(1 << 32, Ordering::Relaxed)),
        }
    }

    /// Makes the identifiers of threads that join from here on the same in every run; zero for real entropy.
    pub(crate) fn set_seed(&self, seed: u64) {
        self.seeds.store(seed, Ordering::Relaxed);
    }

    /// Refuses new spans.
    pub(crate) fn close(&self) {
        self.ring.set_closed(true);
    }

    /// Lets new spans in again.
    pub(crate) fn reopen(&self) {
        self.ring.set_closed(false);
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Ends a scope's use: its contexts are void from here on.
    pub(crate) fn retire(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Counts a thread that has come.
    pub(crate) fn attach(&self) {
        self.attached.fetch_add(1, Ordering::AcqRel);
    }

    /// Counts a thread that has gone.
    pub(crate) fn detach(&self) {
        // Threads begin on the process's pipeline without having come.
        let _ = self.attached.fetch_update(Ordering::AcqRel, Ordering::Relaxed, |count| count.checked_sub(1));
    }

    /// True when no thread has a place in the ring and no span is in flight.
    pub(crate) fn is_quiet(&self) -> bool {
        self.attached.load(Ordering::Acquire) == 0
            && self.accounting().in_flight == 0
            && self.ring.allocated().is_none_or(|ring| ring.occupied() == 0 && !ring.has_threads())
    }

    /// Moves the calling thread's instruments to this pipeline.
    pub(crate) fn switch_metrics(&self) {
        metric::switch(self.metrics());
    }

    /// The instruments' values.
    pub(crate) fn metrics(&self) -> &'static MetricStore {
        *self.metrics.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the pipeline other values; those of the process are not to be taken from it.
    pub(crate) fn set_metrics(&self, metrics: &'static MetricStore) {
        *self.metrics.lock().unwrap_or_else(PoisonError::into_inner) = metrics;
    }

    /// Has every lock held that spans and the drain take, while the process forks.
    fn hold(&'static self, keeper: &mut Keeper) {
        keeper.hold(&self.filter);
        keeper.hold(&self.consumer);
        keeper.hold(&self.metrics);
        self.ring.hold(keeper);
        self.timeline.hold(keeper);
        self.sampler.hold(keeper);
    }

    /// Begins anew in the child of a fork: without a ring, every count at zero. Only words are written.
    fn begin_anew(&self) {
        self.ring.begin_anew();
        self.taken.store(0, Ordering::Relaxed);
        self.not_kept.store(0, Ordering::Relaxed);
        self.keep_counts.begin_anew();
        self.late.store(0, Ordering::Relaxed);
    }
}
