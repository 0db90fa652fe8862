//! Histograms: observations counted in buckets, and their sum.

use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::time::{Duration, Instant};

use super::bucket_index::BucketIndex;
use super::buckets;
use super::instrument::{Core, Declared, OFF};
use super::labels::LabelSet;
use super::local;
use super::place::{self, Place};
use super::snapshot::MetricKind;
use super::update;
use super::view::View;

/// Observations (`f64`) counted in buckets, declared by [`metric!`](crate::metric!).
///
/// Updates go to cells of the thread's own, as those of a [`Counter`](super::Counter) do; the count is the sum of the
/// buckets. A value that is not finite is refused and counted in `telemetry_metric_refused_total`: one infinity would
/// spoil the sum for good. When disabled, and before telemetry has started, an update is one load and a branch, and is
/// not made up for.
pub struct Histogram<L: LabelSet = ()> {
    body: Body,
    labels: PhantomData<fn(L)>,
}

/// All of a histogram but the type of its labels.
#[derive(Debug)]
struct Body {
    core: Core,
    buckets: BucketIndex,
}

impl<L: LabelSet> Histogram<L> {
    #[track_caller]
    pub(crate) const fn new(declared: Declared, bounds: &'static [f64]) -> Self {
        let core = Core::new::<L>(declared, MetricKind::Histogram, bounds, Location::caller());
        Self { body: Body { core, buckets: BucketIndex::new(bounds) }, labels: PhantomData }
    }

    /// Is exposed as what the view makes of it.
    #[doc(hidden)]
    #[must_use]
    pub fn viewed(mut self, view: View) -> Self {
        self.body.core.descriptor.view = Some(view);
        self
    }

    #[doc(hidden)]
    pub const fn core(&'static self) -> &'static Core {
        &self.body.core
    }

    /// One series, for one update: a single label's value, a tuple of them, or the labels' struct.
    ///
    /// Nothing is looked up before the update, and nothing at all when disabled.
    #[inline(always)]
    pub fn with<'a>(&'static self, labels: impl Into<L::Values<'a>>) -> HistogramWith<'a, L> {
        HistogramWith { histogram: self, labels: labels.into() }
    }

    /// One series, resolved once and kept as long as one likes.
    pub fn series<'a>(&'static self, labels: impl Into<L::Values<'a>>) -> HistogramSeries {
        HistogramSeries { body: &self.body, place: self.body.place::<L>(&labels.into()) }
    }
}

impl Histogram {
    /// Counts `value` and adds it to the sum.
    #[inline]
    pub fn observe(&'static self, value: f64) {
        self.body.observe(|| Place::Index(0), value);
    }

    /// Observes a duration in seconds.
    #[inline]
    pub fn observe_duration(&'static self, duration: Duration) {
        self.observe(duration.as_secs_f64());
    }

    /// Starts a timer that observes the seconds passed when it is dropped.
    pub fn start_timer(&'static self) -> HistogramTimer {
        HistogramTimer::start(HistogramSeries { body: &self.body, place: Place::Index(0) })
    }
}

impl<L: LabelSet> fmt::Debug for Histogram<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Histogram").field("name", &self.body.core.descriptor.name).finish_non_exhaustive()
    }
}

/// One series of a [`Histogram`], named by its labels, for one update.
#[must_use = "nothing is observed before `observe`"]
pub struct HistogramWith<'a, L: LabelSet> {
    histogram: &'static Histogram<L>,
    labels: L::Values<'a>,
}

impl<L: LabelSet> HistogramWith<'_, L> {
    /// Counts `value` and adds it to the sum.
    #[inline]
    pub fn observe(self, value: f64) {
        let body = &self.histogram.body;
        body.observe(|| body.place::<L>(&self.labels), value);
    }

    /// Observes a duration in seconds.
    #[inline]
    pub fn observe_duration(self, duration: Duration) {
        self.observe(duration.as_secs_f64());
    }

    /// Starts a timer that observes the seconds passed when it is dropped.
    pub fn start_timer(self) -> HistogramTimer {
        let body = &self.histogram.body;
        HistogramTimer::start(HistogramSeries { body, place: body.place::<L>(&self.labels) })
    }
}

impl<L: LabelSet> fmt::Debug for HistogramWith<'_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.histogram.fmt(f)
    }
}

/// One series of a [`Histogram`], resolved: an update is as cheap as without labels.
///
/// Used on a thread that writes to another store (a test's scope), it counts in the same series there.
#[derive(Clone, Copy, Debug)]
pub struct HistogramSeries {
    body: &'static Body,
    place: Place,
}

impl HistogramSeries {
    /// Counts `value` and adds it to the sum.
    #[inline]
    pub fn observe(self, value: f64) {
        self.body.observe(|| self.place, value);
    }

    /// Observes a duration in seconds.
    #[inline]
    pub fn observe_duration(self, duration: Duration) {
        self.observe(duration.as_secs_f64());
    }

    /// Starts a timer that observes the seconds passed when it is dropped.
    pub fn start_timer(self) -> HistogramTimer {
        HistogramTimer::start(self)
    }

    /// Whether it is a series, not what stands for one inside the slow path of another update.
    pub(super) fn is_somewhere(self) -> bool {
        self.place.is_somewhere()
    }
}

/// A running timer; dropping it observes the seconds since it was started.
#[derive(Debug)]
#[must_use = "a timer that is not kept measures nothing"]
pub struct HistogramTimer {
    series: HistogramSeries,
    started: Option<Instant>,
}

impl HistogramTimer {
    fn start(series: HistogramSeries) -> Self {
        // The clock is not read for an instrument that is off.
        let started = (series.body.core.gate() != OFF).then(Instant::now);
        Self { series, started }
    }

    /// Observes now, and gives back what was observed; zero when the instrument was disabled at the start.
    pub fn stop(mut self) -> Duration {
        self.finish()
    }

    /// Observes nothing.
    pub fn discard(mut self) {
        self.started = None;
    }

    fn finish(&mut self) -> Duration {
        let Some(started) = self.started.take() else { return Duration::ZERO };
        let elapsed = started.elapsed();
        self.series.observe_duration(elapsed);
        elapsed
    }
}

impl Drop for HistogramTimer {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Body {
    #[inline(always)]
    fn place<L: LabelSet>(&'static self, labels: &L::Values<'_>) -> Place {
        place::find::<L>(&self.core, labels, buckets::stride(self.buckets.bounds))
    }

    #[inline(always)]
    fn observe(&'static self, place: impl FnOnce() -> Place, value: f64) {
        let gate = self.core.gate();
        if gate == OFF {
            return;
        }
        if !value.is_finite() {
            return refuse();
        }
        let place = place();
        match self.buckets.bucket_at_once(value) {
            Some(bucket) => update::observe(&self.core, gate, place, bucket, value),
            None => self.observe_at(gate, place, value),
        }
    }

    /// Where finding the bucket takes longer.
    #[cold]
    #[inline(never)]
    fn observe_at(&'static self, gate: u32, place: Place, value: f64) {
        update::observe(&self.core, gate, place, self.buckets.bucket_of(value), value);
    }
}

#[cold]
fn refuse() {
    let store = local::store();
    if store.is_enabled() {
        store.count_refused();
    }
}
