//! A scope of its own for a test: ring, instruments, clock and identifiers, shared with no other test.

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::assertions::Recorded;
use super::tree::SpanTree;
use crate::context::{Current, Frame, Local};
use crate::filter::Filter;
use crate::keep::KeepTraces;
use crate::metric::MetricStore;
use crate::metric::snapshot::MetricsSnapshot;
use crate::pipeline::{Accounting, Pipeline, RingError, allocate};
use crate::record::SpanRecord;
use crate::ring::Slot;
use crate::sample::{AlwaysSample, RatioSample, Sampler, of_traces_here};
use crate::settings::{Resolved, Tier};
use crate::span::{gates, watch_panics};

/// Slots in a scope's ring when nothing else is said.
const CAPACITY: usize = 256;
/// When the manual clock of a scope begins: 2026-01-01T00:00:00Z.
const BEGIN_UNIX_NANOS: u64 = 1_767_225_600_000_000_000;
/// Spans read in one go.
const BATCH: usize = 1_024;

/// An isolated pipeline for the thread that makes it, for futures instrumented on it, and for threads started with
/// [`Context`](crate::Context)'s helpers, until it is dropped.
///
/// Identifiers are the same in every run, the clock stands until [`Scope::advance`] moves it, every trace is
/// recorded. The scopes of two tests never see each other, so tests run in parallel.
///
/// ```
/// use telemetry_core::testing::Scope;
/// use telemetry_core::{step, trace};
///
/// #[trace(name = "shelf.sort")]
/// fn sort() {
///     let _step = step!("compare");
/// }
///
/// let scope = Scope::new();
/// sort();
/// assert_eq!(scope.tree().to_string(), "shelf.sort\n  compare\n");
/// ```
pub struct Scope {
    pipeline: &'static Pipeline,
    frame: Frame,
    /// What the pipeline had counted for scopes before this one.
    before: Accounting,
    spans: Mutex<Vec<SpanRecord>>,
    not_send: PhantomData<*const ()>,
}

/// What a scope is to be like.
#[must_use = "a scope begins with `enter`"]
pub struct ScopeBuilder {
    capacity: usize,
    real_clock: bool,
    enabled: bool,
    seed: u64,
    sampler: Option<Box<dyn Sampler>>,
    keep: Option<KeepTraces>,
    filter: Filter,
    allocate: fn(usize) -> Option<&'static [Slot]>,
}

impl ScopeBuilder {
    /// Slots in the ring: a power of two from 256 to 16,777,216; default 256.
    pub const fn capacity(mut self, capacity: usize) -> Self {
        self.capacity = capacity;
        self
    }

    /// Uses the machine's clock instead of one that is moved by hand.
    pub const fn real_clock(mut self) -> Self {
        self.real_clock = true;
        self
    }

    /// Begins disabled.
    pub const fn disabled(mut self) -> Self {
        self.enabled = false;
        self
    }

    /// Makes other identifiers.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Decides which traces are recorded.
    pub fn sampler(mut self, sampler: impl Sampler) -> Self {
        self.sampler = Some(Box::new(sampler));
        self
    }

    /// Keeps traces for how they end, of those that the sampler does not want. Spans of traces that are not decided yet
    /// are not among the scope's.
    pub const fn keep(mut self, traces: KeepTraces) -> Self {
        self.keep = Some(traces);
        self
    }

    /// Chooses the call sites that record, whatever the process's filter says. Default: all of them.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// Takes over what settings say of recording, where somebody has said it: `ENABLED`, `SAMPLE_RATIO`,
    /// `SAMPLE_MAX_PER_SECOND`, `KEEP_FAILED` and those beside it, `FILTER`, `SPAN_RING_CAPACITY`. What is at its default
    /// stays as it is in a scope; what holds for a whole process, such as its sinks, is passed over.
    ///
    /// ```
    /// use telemetry_core::settings::Resolver;
    /// use telemetry_core::span;
    /// use telemetry_core::testing::Scope;
    ///
    /// #[span]
    /// fn work() {}
    ///
    /// let settings = Resolver::new().value("SAMPLE_RATIO", 0.0).resolve()?;
    /// let scope = Scope::builder().settings(&settings).enter()?;
    /// work();
    /// assert_eq!(scope.spans().len(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn settings(mut self, resolved: &Resolved) -> Self {
        let settings = resolved.settings();
        let is_set = |name| resolved.get(name).is_some_and(|value| value.tier() != Tier::Default);
        if is_set("ENABLED") {
            self.enabled = settings.enabled;
        }
        if is_set("SPAN_RING_CAPACITY") {
            self.capacity = settings.span_ring_capacity;
        }
        let most = settings.sample_max_per_second;
        if is_set("SAMPLE_RATIO")
            && let Ok(ratio) = RatioSample::new(settings.sample_ratio)
        {
            self.sampler = Some(of_traces_here(ratio, most));
        } else if most.is_some() {
            self.sampler = Some(of_traces_here(AlwaysSample, most));
        }
        self.keep = settings.keep.or(self.keep);
        self.filter = settings.filter.unwrap_or(self.filter);
        self
    }

    /// Lets the ring's first allocation fail, as if there were no memory.
    pub fn failing_allocation(mut self) -> Self {
        self.allocate = |_| None;
        self
    }

    /// Begins the scope on this thread.
    ///
    /// # Errors
    /// When the capacity is not one a ring can have.
    pub fn enter(self) -> Result<Scope, RingError> {
        let pipeline = checkout(&self)?;
        pipeline.set_seed(self.seed);
        if self.real_clock {
            pipeline.timeline.set_real();
        } else {
            pipeline.timeline.set_manual(BEGIN_UNIX_NANOS);
        }
        pipeline.set_keep(self.keep);
        pipeline.reset_sampler(self.sampler);
        pipeline.set_filter(self.filter);
        pipeline.set_metrics(MetricStore::leak());
        if !self.enabled {
            pipeline.metrics().disable();
        }
        pipeline.set_enabled(self.enabled);
        gates::count_scope(true);
        watch_panics();
        let before = pipeline.accounting();
        Ok(Local::with(|local| {
            let frame = Frame::enter(local, Current::NONE, pipeline);
            Scope { pipeline, frame, before, spans: Mutex::default(), not_send: PhantomData }
        }))
    }
}

/// Pipelines of scopes that have ended with nothing in flight, to be used again: their memory is never freed, since a
/// stray handle may still look at it.
static IDLE: Mutex<Vec<&'static Pipeline>> = Mutex::new(Vec::new());

fn checkout(builder: &ScopeBuilder) -> Result<&'static Pipeline, RingError> {
    let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    let usable = |pipeline: &&'static Pipeline| {
        pipeline.ring.allocated().is_some() && pipeline.ring.capacity() == builder.capacity
    };
    let real: fn(usize) -> Option<&'static [Slot]> = allocate;
    let real = std::ptr::fn_addr_eq(builder.allocate, real);
    if let Some(at) = idle.iter().position(usable).filter(|_| real) {
        return Ok(idle.swap_remove(at));
    }
    let pipeline = Pipeline::new();
    pipeline.ring.configure(builder.capacity)?;
    pipeline.ring.set_allocate(builder.allocate);
    Ok(Box::leak(Box::new(pipeline)))
}

impl Scope {
    /// A scope with 256 slots, the same identifiers in every run and a manual clock.
    pub fn new() -> Self {
        match Self::builder().enter() {
            Ok(scope) => scope,
            Err(error) => unreachable!("the default scope is valid: {error}"),
        }
    }

    /// A scope of another kind.
    pub fn builder() -> ScopeBuilder {
        ScopeBuilder {
            capacity: CAPACITY,
            real_clock: false,
            enabled: true,
            seed: 1,
            sampler: None,
            keep: None,
            filter: Filter::EVERYTHING,
            allocate,
        }
    }

    /// Moves the manual clock on.
    pub fn advance(&self, by: Duration) {
        self.pipeline.timeline.advance(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Every span that has ended so far, in the order they were opened by each thread.
    pub fn spans(&self) -> Vec<SpanRecord> {
        let mut spans = self.lock();
        while self.pipeline.drain_spans(BATCH, &mut spans) != 0 {}
        spans.clone()
    }

    /// The spans that have ended since they were last taken or cleared; the scope forgets them.
    pub fn take_spans(&self) -> Vec<SpanRecord> {
        let mut spans = self.lock();
        while self.pipeline.drain_spans(BATCH, &mut spans) != 0 {}
        std::mem::take(&mut spans)
    }

    /// Forgets the spans that have ended so far.
    pub fn clear(&self) {
        self.take_spans();
    }

    /// The spans that have ended so far as an indented tree, without identifiers and durations.
    pub fn tree(&self) -> String {
        SpanTree::new(&self.spans()).to_string()
    }

    /// Every instrument's values in this scope; its samplers run first.
    pub fn metrics(&self) -> Arc<MetricsSnapshot> {
        self.pipeline.collect(Duration::from_secs(1), BEGIN_UNIX_NANOS, Vec::new()).0
    }

    /// Where every span of this scope went.
    pub fn accounting(&self) -> Accounting {
        self.pipeline.accounting().since(&self.before)
    }

    /// Records spans and instruments from here on.
    pub fn enable(&self) {
        self.pipeline.metrics().enable();
        self.pipeline.set_enabled(true);
    }

    /// Records nothing from here on; spans that are open finish.
    pub fn disable(&self) {
        self.pipeline.metrics().disable();
        self.pipeline.set_enabled(false);
    }

    /// Puts another sampler in, for traces that begin from now on.
    pub fn set_sampler(&self, sampler: impl Sampler) {
        self.pipeline.set_sampler(Box::new(sampler));
    }

    /// Puts another filter in, for spans that open from now on.
    pub fn set_filter(&self, filter: Filter) {
        self.pipeline.set_filter(filter);
    }

    /// Sets the ring's capacity, before the first span or after a failed allocation (which is not made to fail again).
    ///
    /// # Errors
    /// When the capacity is not one a ring can have, or the ring is live.
    pub fn configure_ring(&self, capacity: usize) -> Result<(), RingError> {
        self.pipeline.ring.configure(capacity)?;
        self.pipeline.ring.set_allocate(allocate);
        Ok(())
    }

    /// The ring of this scope.
    pub fn ring(&self) -> crate::ring_control::RingControl {
        crate::ring_control::RingControl::of(self.pipeline)
    }

    /// Refuses new spans from here on, as a shutdown does, and lets none wait for the decision on its trace.
    pub fn close(&self) {
        self.pipeline.close();
        self.pipeline.conclude();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<SpanRecord>> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorded for Scope {
    fn spans(&self) -> Vec<SpanRecord> {
        Self::spans(self)
    }

    fn latest_metrics(&self) -> Option<Arc<MetricsSnapshot>> {
        Some(self.metrics())
    }
}

impl Default for Scope {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        Local::with(|local| self.frame.leave(local));
        self.pipeline.retire();
        gates::count_scope(false);
        self.pipeline.conclude();
        self.clear();
        self.pipeline.set_enabled(false);
        self.pipeline.metrics().close();
        self.pipeline.reopen();
        // With spans in flight or threads about, somebody may still write: such a pipeline is not used again.
        if self.pipeline.is_quiet() {
            IDLE.lock().unwrap_or_else(PoisonError::into_inner).push(self.pipeline);
        }
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("accounting", &self.accounting()).finish_non_exhaustive()
    }
}
