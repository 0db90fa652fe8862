//! Gauges: values that go up and down.

use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};

use super::instrument::{Core, Declared, OFF};
use super::labels::LabelSet;
use super::place::{self, Place};
use super::snapshot::MetricKind;
use super::update;
use super::view::View;

/// A value (`f64`) that goes up and down, declared by [`metric!`](crate::metric!).
///
/// All threads share one slot a series. `set` is a plain store; `add`, `inc` and `dec` retry until nobody interferes. Any
/// value is kept, `NaN` and the infinities too, which the exposition has words for. When disabled, and before telemetry
/// has started, an update is one load and a branch, and is not made up for.
pub struct Gauge<L: LabelSet = ()> {
    core: Core,
    labels: PhantomData<fn(L)>,
}

impl<L: LabelSet> Gauge<L> {
    #[track_caller]
    pub(crate) const fn new(declared: Declared) -> Self {
        Self {
            core: Core::new::<L>(declared, MetricKind::Gauge, &[], Location::caller()),
            labels: PhantomData,
        }
    }

    /// Is exposed as what the view makes of it.
    #[doc(hidden)]
    #[must_use]
    pub fn viewed(mut self, view: View) -> Self {
        self.core.descriptor.view = Some(view);
        self
    }

    #[doc(hidden)]
    pub const fn core(&'static self) -> &'static Core {
        &self.core
    }

    /// One series, for one update: a single label's value, a tuple of them, or the labels' struct.
    ///
    /// Nothing is looked up before the update, and nothing at all when disabled.
    #[inline(always)]
    pub fn with<'a>(&'static self, labels: impl Into<L::Values<'a>>) -> GaugeWith<'a, L> {
        GaugeWith { gauge: self, labels: labels.into() }
    }

    /// One series, resolved once and kept as long as one likes. One found by string labels shows from now on, at
    /// zero.
    pub fn series<'a>(&'static self, labels: impl Into<L::Values<'a>>) -> GaugeSeries {
        GaugeSeries { core: &self.core, place: place::find::<L>(&self.core, &labels.into(), STRIDE) }
    }
}

impl Gauge {
    /// Sets the value.
    #[inline(always)]
    pub fn set(&'static self, value: f64) {
        change(&self.core, || Place::Index(0), Change::Set(value));
    }

    /// Adds `amount`, which may be negative.
    #[inline(always)]
    pub fn add(&'static self, amount: f64) {
        change(&self.core, || Place::Index(0), Change::Add(amount));
    }

    /// Adds one.
    #[inline(always)]
    pub fn inc(&'static self) {
        self.add(1.0);
    }

    /// Takes one away.
    #[inline(always)]
    pub fn dec(&'static self) {
        self.add(-1.0);
    }

    /// Counts something that is under way: one more now, and one less when what it returns is dropped.
    pub fn hold(&'static self) -> GaugeHold {
        GaugeHold::new(&self.core, || Place::Index(0))
    }
}

impl<L: LabelSet> fmt::Debug for Gauge<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gauge").field("name", &self.core.descriptor.name).finish_non_exhaustive()
    }
}

/// One series of a [`Gauge`], named by its labels, for one update.
#[must_use = "nothing changes before `set`, `add`, `inc`, `dec` or `hold`"]
pub struct GaugeWith<'a, L: LabelSet> {
    gauge: &'static Gauge<L>,
    labels: L::Values<'a>,
}

impl<L: LabelSet> GaugeWith<'_, L> {
    /// Sets the value.
    #[inline(always)]
    pub fn set(self, value: f64) {
        self.change(Change::Set(value));
    }

    /// Adds `amount`, which may be negative.
    #[inline(always)]
    pub fn add(self, amount: f64) {
        self.change(Change::Add(amount));
    }

    /// Adds one.
    #[inline(always)]
    pub fn inc(self) {
        self.add(1.0);
    }

    /// Takes one away.
    #[inline(always)]
    pub fn dec(self) {
        self.add(-1.0);
    }

    /// Counts something that is under way: one more now, and one less when what it returns is dropped.
    pub fn hold(self) -> GaugeHold {
        let core = &self.gauge.core;
        GaugeHold::new(core, || place::find::<L>(core, &self.labels, STRIDE))
    }

    #[inline(always)]
    fn change(self, wanted: Change) {
        let core = &self.gauge.core;
        change(core, || place::find::<L>(core, &self.labels, STRIDE), wanted);
    }
}

impl<L: LabelSet> fmt::Debug for GaugeWith<'_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.gauge.fmt(f)
    }
}

/// One series of a [`Gauge`], resolved: an update is as cheap as without labels.
///
/// Used on a thread that writes to another store (a test's scope), it changes the same series there.
#[derive(Clone, Copy, Debug)]
pub struct GaugeSeries {
    core: &'static Core,
    place: Place,
}

impl GaugeSeries {
    /// Sets the value.
    #[inline(always)]
    pub fn set(self, value: f64) {
        change(self.core, || self.place, Change::Set(value));
    }

    /// Adds `amount`, which may be negative.
    #[inline(always)]
    pub fn add(self, amount: f64) {
        change(self.core, || self.place, Change::Add(amount));
    }

    /// Adds one.
    #[inline(always)]
    pub fn inc(self) {
        self.add(1.0);
    }

    /// Takes one away.
    #[inline(always)]
    pub fn dec(self) {
        self.add(-1.0);
    }

    /// Counts something that is under way: one more now, and one less when what it returns is dropped.
    pub fn hold(self) -> GaugeHold {
        GaugeHold::new(self.core, || self.place)
    }
}

/// Something under way that a [`Gauge`] counts until this is dropped, on whatever thread.
///
/// What was counted is taken away again in any case, also where telemetry has been disabled meanwhile, and what began
/// while it was disabled is not; with `inc` and `dec` the gauge would be off by one from then on.
///
/// ```
/// use telemetry_core::{metric, testing::Scope, testing::assertions::Assertions};
///
/// metric! {
///     /// Jobs under way.
///     static JOBS: Gauge = "shop_jobs";
/// }
///
/// let scope = Scope::new();
/// let job = JOBS.hold();
/// scope.assert_metric_value("shop_jobs", &[], 1);
/// scope.disable();
/// drop(job);
/// scope.assert_metric_value("shop_jobs", &[], 0);
/// ```
#[derive(Debug)]
#[must_use = "it is under way until this is dropped"]
pub struct GaugeHold {
    /// None where nothing was counted.
    slot: Option<&'static AtomicU64>,
}

impl GaugeHold {
    fn new(core: &'static Core, place: impl FnOnce() -> Place) -> Self {
        let gate = core.gate();
        let slot = if gate == OFF { None } else { update::gauge_slot(core, gate, place()) };
        if let Some(slot) = slot {
            Change::Add(1.0).apply(slot);
        }
        Self { slot }
    }
}

impl Drop for GaugeHold {
    fn drop(&mut self) {
        if let Some(slot) = self.slot {
            Change::Add(-1.0).apply(slot);
        }
    }
}

/// What is done to a gauge.
#[derive(Clone, Copy)]
pub(super) enum Change {
    Set(f64),
    Add(f64),
}

impl Change {
    #[inline(always)]
    pub(super) fn apply(self, slot: &AtomicU64) {
        match self {
            Self::Set(value) => slot.store(value.to_bits(), Ordering::Relaxed),
            Self::Add(amount) => {
                update::exchange(slot, |bits| (decode(bits).unwrap_or(0.0) + amount).to_bits());
            }
        }
    }
}

#[inline(always)]
fn change(core: &'static Core, place: impl FnOnce() -> Place, change: Change) {
    let gate = core.gate();
    if gate != OFF {
        update::change_gauge(core, gate, place(), change);
    }
}

/// Cells to a gauge: a cache line, so that threads which set different gauges do not slow each other down.
pub(super) const STRIDE: usize = 8;

/// What a slot holds before its gauge is set: the bits of a NaN nobody computes. So setting one is storing the value.
pub(super) const NEVER_SET: u64 = 0x7ff4_dead_beef_0001;

/// The value in a slot, unless the gauge was never set.
#[inline(always)]
pub(super) fn decode(bits: u64) -> Option<f64> {
    (bits != NEVER_SET).then(|| f64::from_bits(bits))
}
