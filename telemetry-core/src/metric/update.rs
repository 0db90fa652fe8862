//! Updates: the hot path of every instrument, and the slow one behind it.
//!
//! A gate that is off costs a load and a branch. An open one is the index of a cell: when this thread's block reaches
//! it, a load and a store do the rest. Everything else (unregistered, unattached, some stores disabled, a series of
//! another store, the thread ended) lies beyond any block, and one cold call away.

use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use super::cells::Change;
use super::exemplar;
use super::gauge;
use super::hash::Digest;
use super::instrument::{Core, OPEN};
use super::local::{MetricLocal, Space, quietly, store};
use super::place::Place;
use super::registry;
use super::series::{self, SeriesEntry};
use super::store::MetricStore;

/// Adds to a count; `gate` is the instrument's, seen not to be off.
#[inline(always)]
pub(super) fn count(core: &'static Core, gate: u32, place: Place, amount: u64) {
    let local = MetricLocal::here();
    match place {
        Place::Index(offset) => {
            local.fixed.count(gate as usize + offset, amount, || count_slowly(core, offset, amount));
        }
        Place::Entry(entry) => {
            let slowly = || count_entry_slowly(core, entry, amount);
            local.series.count(local.index_of(gate, entry), amount, slowly);
        }
    }
}

/// Counts a value in a bucket, and adds it to the sum of the same series, which is its first cell; `gate` as above.
#[inline(always)]
pub(super) fn observe(core: &'static Core, gate: u32, place: Place, bucket: usize, value: f64) {
    let local = MetricLocal::here();
    match place {
        Place::Index(offset) => {
            let slowly = || observe_slowly(core, offset, bucket, value);
            local.fixed.observe(gate as usize + offset, 1 + bucket, value, slowly);
        }
        Place::Entry(entry) => {
            let slowly = || observe_entry_slowly(core, entry, bucket, value);
            local.series.observe(local.index_of(gate, entry), 1 + bucket, value, slowly);
        }
    }
}

/// Changes a gauge; `gate` as above.
#[inline(always)]
pub(super) fn change_gauge(core: &'static Core, gate: u32, place: Place, change: gauge::Change) {
    let local = MetricLocal::here();
    match place {
        Place::Index(offset) => {
            let slowly = || change_gauge_slowly(core, offset, change);
            local.gauges.with(gate as usize + offset, |slot| change.apply(slot), slowly);
        }
        Place::Entry(entry) => {
            if gate == OPEN && ptr::eq(local.store.get(), entry.home.store) {
                change.apply(&entry.gauge);
            } else {
                change_gauge_entry_slowly(core, entry, change);
            }
        }
    }
}

impl MetricLocal {
    /// The index of a series' first cell among this thread's; far beyond its block when the series is of another store
    /// or the gate carries a flag.
    #[inline(always)]
    fn index_of(&self, gate: u32, entry: &SeriesEntry) -> usize {
        let index = entry.home.at.wrapping_sub(self.origin.get()).wrapping_add(u64::from(gate));
        // Where pointers are short, far beyond stays far beyond.
        usize::try_from(index).unwrap_or(usize::MAX)
    }
}

/// Adds a series to the tables of a store. Nothing comes back only when it is called from inside the slow path
/// itself.
#[cold]
#[inline(never)]
pub(super) fn add_series(core: &'static Core, texts: &[&str]) -> Option<&'static SeriesEntry> {
    slowly(|_, store| {
        // Known to the registry, so that its series show whatever is done with them.
        let _ = registry::base_of(core);
        let digests: Vec<Digest> = texts.iter().map(|text| Digest::of(text)).collect();
        store.add_series(core, &digests, texts)
    })
}

/// Takes the slow path, unless this thread is on it already.
pub(super) fn slowly<R>(work: impl FnOnce(&MetricLocal, &'static MetricStore) -> R) -> Option<R> {
    let local = MetricLocal::here();
    if local.busy.get() {
        return None;
    }
    Some(quietly(|| work(local, local.store.get())))
}

/// As [`slowly`], for an update: one that cannot be made is counted.
fn slowly_or_lost<R>(work: impl FnOnce(&MetricLocal, &'static MetricStore) -> R) -> Option<R> {
    let result = slowly(work);
    if result.is_none() {
        store().count_lost();
    }
    result
}

#[cold]
#[inline(never)]
fn count_slowly(core: &'static Core, offset: usize, amount: u64) {
    let slowly = || change_fixed(core, &[(offset, Change::Count(amount))]);
    MetricLocal::here().fixed.count(core.plain_gate() as usize + offset, amount, slowly);
    exemplar::offer(core, Space::Fixed, || Some(registry::base_of(core)? + offset), amount as f64);
}

#[cold]
#[inline(never)]
fn count_entry_slowly(core: &'static Core, entry: &'static SeriesEntry, amount: u64) {
    let local = MetricLocal::here();
    let slowly = || change_entry(core, entry, &[(0, Change::Count(amount))]);
    local.series.count(local.index_of(core.plain_gate(), entry), amount, slowly);
    exemplar::offer(core, Space::Series, || local.cell_here(core, entry), amount as f64);
}

#[cold]
#[inline(never)]
fn observe_slowly(core: &'static Core, offset: usize, bucket: usize, value: f64) {
    let slowly = || {
        change_fixed(core, &[(offset + 1 + bucket, Change::Count(1)), (offset, Change::Sum(value))]);
    };
    let local = MetricLocal::here();
    local.fixed.observe(core.plain_gate() as usize + offset, 1 + bucket, value, slowly);
    let cell = || Some(registry::base_of(core)? + offset + 1 + bucket);
    exemplar::offer(core, Space::Fixed, cell, value);
}

#[cold]
#[inline(never)]
fn observe_entry_slowly(core: &'static Core, entry: &'static SeriesEntry, bucket: usize, value: f64) {
    let slowly = || change_entry(core, entry, &[(1 + bucket, Change::Count(1)), (0, Change::Sum(value))]);
    let local = MetricLocal::here();
    local.series.observe(local.index_of(core.plain_gate(), entry), 1 + bucket, value, slowly);
    let cell = || Some(local.cell_here(core, entry)? + 1 + bucket);
    exemplar::offer(core, Space::Series, cell, value);
}

impl MetricLocal {
    /// The first cell of a series, or of the same label set in this thread's store.
    fn cell_here(&self, core: &'static Core, entry: &'static SeriesEntry) -> Option<usize> {
        if ptr::eq(entry, &raw const series::NOWHERE) {
            return None;
        }
        let store = self.store.get();
        let here = ptr::eq(store, entry.home.store);
        let entry = if here { entry } else { series::find_again(core, entry)? };
        usize::try_from(entry.home.at.checked_sub(store.origin())?).ok()
    }
}

fn change_fixed(core: &'static Core, changes: &[(usize, Change)]) {
    slowly_or_lost(|local, store| {
        if let Some(base) = registry::base_of(core)
            && store.is_enabled()
        {
            for (offset, change) in changes {
                local.change(store, Space::Fixed, base + offset, *change);
            }
        }
    });
}

fn change_entry(core: &'static Core, entry: &'static SeriesEntry, changes: &[(usize, Change)]) {
    if let Some(entry) = find_entry(core, entry) {
        slowly_or_lost(|local, store| {
            // The entry is of this thread's store, so the difference is an index of its cells.
            let base = (entry.home.at - store.origin()) as usize;
            for (offset, change) in changes {
                local.change(store, Space::Series, base + offset, *change);
            }
        });
    }
}

#[cold]
#[inline(never)]
fn change_gauge_slowly(core: &'static Core, offset: usize, change: gauge::Change) {
    if let Some(slot) = find_gauge(core, offset) {
        change.apply(slot);
    }
}

#[cold]
#[inline(never)]
fn change_gauge_entry_slowly(core: &'static Core, entry: &'static SeriesEntry, change: gauge::Change) {
    if let Some(entry) = find_entry(core, entry) {
        change.apply(&entry.gauge);
    }
}

#[cold]
#[inline(never)]
fn find_gauge(core: &'static Core, offset: usize) -> Option<&'static AtomicU64> {
    slowly_or_lost(|local, store| {
        let base = registry::base_of(core)?;
        if !store.is_enabled() {
            return None;
        }
        let first = store.first_gauges();
        local.gauges.point_at(first);
        first.get(base + offset).or_else(|| store.late_gauges(core).get(offset))
    })
    .flatten()
}

/// The same label set in this thread's store, when an update is wanted there: a handle resolved in one store counts
/// in whichever store the thread writes to.
fn find_entry(core: &'static Core, entry: &'static SeriesEntry) -> Option<&'static SeriesEntry> {
    let store = store();
    if ptr::eq(entry, &raw const series::NOWHERE) {
        store.count_lost();
        return None;
    }
    slowly_or_lost(|_, _| registry::base_of(core)).flatten()?;
    if !store.is_enabled() {
        return None;
    }
    if ptr::eq(store, entry.home.store) { Some(entry) } else { series::look_up_again(core, entry) }
}

/// The slot of a gauge that counts what is under way, for one that begins now; none where updates do nothing. `gate` as
/// above.
pub(super) fn gauge_slot(core: &'static Core, gate: u32, place: Place) -> Option<&'static AtomicU64> {
    match place {
        Place::Index(offset) => {
            let slowly = || find_gauge(core, offset);
            MetricLocal::here().gauges.with(gate as usize + offset, Some, slowly)
        }
        Place::Entry(entry) => find_entry(core, entry).map(|entry| &entry.gauge),
    }
}

/// Adds to a gauge: a compare-and-swap loop, as any thread may write it.
pub(super) fn exchange(slot: &AtomicU64, mut change: impl FnMut(u64) -> u64) {
    let mut current = slot.load(Ordering::Relaxed);
    while let Err(now) =
        slot.compare_exchange_weak(current, change(current), Ordering::Relaxed, Ordering::Relaxed)
    {
        current = now;
    }
}
