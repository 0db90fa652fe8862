//! Exemplars: now and then an update is kept with the span it was made in.
//!
//! The hot path knows nothing of them. Each reading of the metrics *arms* the gates of counters and histograms: a bit
//! in the gate puts the index of every cell beyond every block, so that updates take the cold call behind the hot path.
//! There they update the same cell and offer themselves as exemplars. After [`ATTEMPTS`] offers the bit is taken away.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::instrument::Core;
use super::local::{MetricLocal, Space, quietly};
use super::snapshot::Exemplar;
use crate::forking::Keeper;
use crate::id::{SpanId, TraceId};

/// Updates of an instrument that look for an exemplar after each reading: enough to meet one recorded span in a hundred
/// every other time, and a few microseconds of a second in all.
pub(super) const ATTEMPTS: u32 = 64;

/// Where and when an update is made.
pub(crate) struct Moment {
    /// The trace of the span that is current.
    pub(crate) trace_id: TraceId,
    /// The span.
    pub(crate) span_id: SpanId,
    /// Now, in nanoseconds since the Unix epoch.
    pub(crate) time_unix_nanos: u64,
}

/// How to learn whether this thread is inside a recorded span; given by whoever records them.
static MOMENT: OnceLock<fn() -> Option<Moment>> = OnceLock::new();

/// Says how to learn whether a thread is inside a recorded span; what is said first stands.
pub(crate) fn set_moment(moment: fn() -> Option<Moment>) {
    MOMENT.get_or_init(|| moment);
}

/// The latest exemplars of one store, by cell: a bucket's, or that of a counter's series. One for each cell at most.
#[derive(Debug)]
pub(super) struct Exemplars {
    latest: Mutex<Latest>,
}

#[derive(Debug)]
pub(super) struct Latest {
    fixed: BTreeMap<usize, Exemplar>,
    series: BTreeMap<usize, Exemplar>,
}

impl Exemplars {
    pub(super) const fn new() -> Self {
        Self { latest: Mutex::new(Latest { fixed: BTreeMap::new(), series: BTreeMap::new() }) }
    }

    /// Those there are. Updates that find them locked go without.
    pub(super) fn lock(&self) -> MutexGuard<'_, Latest> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn hold(&'static self, keeper: &mut Keeper) {
        keeper.hold(&self.latest);
    }

    pub(super) fn clear(&self) {
        let mut latest = self.lock();
        latest.fixed.clear();
        latest.series.clear();
    }

    fn keep(&self, space: Space, cell: usize, exemplar: Exemplar) {
        // Updates wait for nobody: there will be another one.
        if let Ok(mut latest) = self.latest.try_lock() {
            latest.of(space).insert(cell, exemplar);
        }
    }
}

impl Latest {
    /// The exemplars of `cells` cells from `first` on, in their order.
    pub(super) fn range(&mut self, space: Space, first: usize, cells: usize) -> Vec<Exemplar> {
        let latest = self.of(space);
        // Most programs ask for a thousand series, of which none has any.
        if latest.is_empty() {
            return Vec::new();
        }
        latest.range(first..first + cells).map(|(_, exemplar)| *exemplar).collect()
    }

    const fn of(&mut self, space: Space) -> &mut BTreeMap<usize, Exemplar> {
        match space {
            Space::Fixed => &mut self.fixed,
            Space::Series => &mut self.series,
        }
    }
}

/// Offers an update as the exemplar of the cell it went to, which is asked for where it is taken.
pub(super) fn offer(core: &Core, space: Space, cell: impl FnOnce() -> Option<usize>, value: f64) {
    let local = MetricLocal::here();
    let store = local.store.get();
    // From inside another update's slow path there is nothing to be locked.
    if local.busy.get() || !store.is_enabled() {
        return;
    }
    // In a test every update that comes here may be one: it is not to hang on what other tests do.
    if store.is_global() && !core.takes_offer() {
        return;
    }
    let Some(exemplar) = of(value) else { return };
    quietly(|| {
        if let Some(cell) = cell() {
            store.exemplars.keep(space, cell, exemplar);
        }
    });
}

/// An update made now, if this thread is inside a recorded span.
pub(super) fn of(value: f64) -> Option<Exemplar> {
    let Moment { trace_id, span_id, time_unix_nanos } = MOMENT.get()?()?;
    Some(Exemplar::new(trace_id, span_id, value, time_unix_nanos))
}

impl Core {
    /// Counts an offer; false when none is wanted now.
    fn takes_offer(&self) -> bool {
        if !self.is_armed() {
            return false;
        }
        // Threads that come between each other make a few attempts more.
        match self.attempts.load(Ordering::Relaxed).checked_sub(1) {
            Some(left) => self.attempts.store(left, Ordering::Relaxed),
            None => self.disarm(),
        }
        true
    }
}
