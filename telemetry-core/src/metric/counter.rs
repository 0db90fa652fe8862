//! Counters: totals that only grow.

use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;

use super::instrument::{Core, Declared, OFF};
use super::labels::LabelSet;
use super::local;
use super::observed::{AlreadyFollowed, Following};
use super::place::{self, Place};
use super::snapshot::MetricKind;
use super::update;

/// A total (`u64`) that only grows, declared by [`metric!`](crate::metric!).
///
/// Updates from any thread go to a cell of that thread's own, by a load and a store without a locked instruction, and
/// are summed when read; see the [module](mod@crate::metric) for memory and teardown. When disabled, and before telemetry
/// has started, an update is one load and a branch, and is not made up for. A total beyond `u64::MAX` wraps around.
pub struct Counter<L: LabelSet = ()> {
    core: Core,
    labels: PhantomData<fn(L)>,
}

impl<L: LabelSet> Counter<L> {
    #[track_caller]
    pub(crate) const fn new(declared: Declared) -> Self {
        Self {
            core: Core::new::<L>(declared, MetricKind::Counter, &[], Location::caller()),
            labels: PhantomData,
        }
    }

    #[doc(hidden)]
    pub const fn core(&'static self) -> &'static Core {
        &self.core
    }

    /// One series, for one update: a single label's value, a tuple of them, or the labels' struct.
    ///
    /// Nothing is looked up before the update, and nothing at all when disabled.
    #[inline(always)]
    pub fn with<'a>(&'static self, labels: impl Into<L::Values<'a>>) -> CounterWith<'a, L> {
        CounterWith { counter: self, labels: labels.into() }
    }

    /// One series, resolved once and kept as long as one likes. It shows from now on, at zero.
    pub fn series<'a>(&'static self, labels: impl Into<L::Values<'a>>) -> CounterSeries {
        CounterSeries { core: &self.core, place: place::find::<L>(&self.core, &labels.into(), 1) }
    }
}

impl Counter {
    /// Adds one.
    #[inline(always)]
    pub fn inc(&'static self) {
        self.add(1);
    }

    /// Adds `amount`.
    #[inline(always)]
    pub fn add(&'static self, amount: u64) {
        let gate = self.core.gate();
        if gate != OFF {
            update::count(&self.core, gate, Place::Index(0), amount);
        }
    }

    /// Makes the counter follow a total kept elsewhere; see [`CounterSeries::follow`].
    ///
    /// # Errors
    /// When it follows one already.
    pub fn follow(
        &'static self,
        total: impl FnMut() -> u64 + Send + 'static,
    ) -> Result<Following, AlreadyFollowed> {
        self.series(()).follow(total)
    }
}

impl<L: LabelSet> fmt::Debug for Counter<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counter").field("name", &self.core.descriptor.name).finish_non_exhaustive()
    }
}

/// One series of a [`Counter`], named by its labels, for one update.
#[must_use = "nothing is counted before `inc` or `add`"]
pub struct CounterWith<'a, L: LabelSet> {
    counter: &'static Counter<L>,
    labels: L::Values<'a>,
}

impl<L: LabelSet> CounterWith<'_, L> {
    /// Adds one.
    #[inline(always)]
    pub fn inc(self) {
        self.add(1);
    }

    /// Adds `amount`.
    #[inline(always)]
    pub fn add(self, amount: u64) {
        let core = &self.counter.core;
        let gate = core.gate();
        if gate != OFF {
            update::count(core, gate, place::find::<L>(core, &self.labels, 1), amount);
        }
    }
}

impl<L: LabelSet> fmt::Debug for CounterWith<'_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.counter.fmt(f)
    }
}

/// One series of a [`Counter`], resolved: an update is as cheap as without labels.
///
/// Used on a thread that writes to another store (a test's scope), it counts in the same series there.
#[derive(Clone, Copy, Debug)]
pub struct CounterSeries {
    core: &'static Core,
    place: Place,
}

impl CounterSeries {
    /// Adds one.
    #[inline(always)]
    pub fn inc(self) {
        self.add(1);
    }

    /// Adds `amount`.
    #[inline(always)]
    pub fn add(self, amount: u64) {
        let gate = self.core.gate();
        if gate != OFF {
            update::count(self.core, gate, self.place, amount);
        }
    }

    /// Makes the series follow a total kept elsewhere: it is read once a tick of the drain, and the series grows by
    /// what it has grown. A total that falls has started anew, and counts from zero again.
    ///
    /// A panic in `total` is reported with the counter's name and leaves the series as it was. Dropping the guard
    /// ends it; a later one continues from the last value read.
    ///
    /// # Errors
    /// When the series follows one already.
    pub fn follow(self, total: impl FnMut() -> u64 + Send + 'static) -> Result<Following, AlreadyFollowed> {
        local::store().observers.add(self, Box::new(total))
    }

    /// Whether it is a series, not what stands for one inside the slow path of another update.
    pub(super) fn is_somewhere(self) -> bool {
        self.place.is_somewhere()
    }

    pub(super) fn name(self) -> &'static str {
        self.core.descriptor.name
    }

    pub(super) fn is_same(self, other: Self) -> bool {
        std::ptr::eq(self.core, other.core)
            && match (self.place, other.place) {
                (Place::Index(one), Place::Index(other)) => one == other,
                (Place::Entry(one), Place::Entry(other)) => std::ptr::eq(one, other),
                _ => false,
            }
    }
}
