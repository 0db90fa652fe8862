//! Updates: the hot path of every instrument, and the slow one behind it.
//!
//! A gate that is off costs a load and a branch. An open one is the index of a cell: when this thread's view reaches it,
//! a load and a store do the rest. Everything else (unregistered, unattached, some stores disabled, the thread ended)
//! lies beyond any view, and one cold call away.

use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use super::cells::{bump, bump_sum};
use super::instrument::Core;
use super::local::{Change, LOCAL, MetricLocal, store};
use super::registry;
use super::series::{self, SeriesEntry};
use super::store::{MetricStore, Space};

/// Adds to a count of an instrument whose series are found by index; `gate` is its gate, seen not to be off.
#[inline(always)]
pub(super) fn add_fixed(core: &'static Core, gate: u32, offset: usize, amount: u64) {
    LOCAL.with(|local| match local.fixed.get(gate as usize + offset) {
        Some(cell) => bump(cell, amount),
        None => change_fixed(core, &[(offset, Change::Count(amount))]),
    });
}

/// Counts a value in a bucket, and adds it to the sum of the same series; `gate` as above.
#[inline(always)]
pub(super) fn observe_fixed(core: &'static Core, gate: u32, bucket: usize, sum: usize, value: f64) {
    LOCAL.with(|local| {
        // The sum is the last cell of the series, so when it is within reach the bucket is.
        if let Some(sum) = local.fixed.get(gate as usize + sum)
            && let Some(bucket) = local.fixed.get(gate as usize + bucket)
        {
            bump(bucket, 1);
            bump_sum(sum, value);
        } else {
            change_fixed(core, &[(bucket, Change::Count(1)), (sum, Change::Sum(value))]);
        }
    });
}

/// Adds to a count of a series found by text.
#[inline(always)]
pub(super) fn add_entry(core: &'static Core, entry: &'static SeriesEntry, offset: usize, amount: u64) {
    LOCAL.with(|local| match local.entry_cell(core, entry, offset) {
        Some(cell) => bump(cell, amount),
        None => change_entry(core, entry, &[(offset, Change::Count(amount))]),
    });
}

/// Counts a value in a bucket of a series found by text, and adds it to its sum.
#[inline(always)]
pub(super) fn observe_entry(
    core: &'static Core,
    entry: &'static SeriesEntry,
    bucket: usize,
    sum: usize,
    value: f64,
) {
    LOCAL.with(|local| {
        if let Some(sum) = local.entry_cell(core, entry, sum)
            && let Some(bucket) = local.entry_cell(core, entry, bucket)
        {
            bump(bucket, 1);
            bump_sum(sum, value);
        } else {
            change_entry(core, entry, &[(bucket, Change::Count(1)), (sum, Change::Sum(value))]);
        }
    });
}

/// Runs `change` on the slot of a gauge whose series are found by index.
#[inline(always)]
pub(super) fn with_gauge(core: &'static Core, gate: u32, offset: usize, change: impl FnOnce(&AtomicU64)) {
    LOCAL.with(|local| match local.gauges.get(gate as usize + offset) {
        Some(slot) => change(slot),
        None => {
            if let Some(slot) = find_gauge(core, offset) {
                change(slot);
            }
        }
    });
}

/// Runs `change` on the slot of a gauge series found by text.
#[inline(always)]
pub(super) fn with_gauge_entry(
    core: &'static Core,
    entry: &'static SeriesEntry,
    change: impl FnOnce(&'static AtomicU64),
) {
    if LOCAL.with(|local| core.is_open() && ptr::eq(local.store(), entry.store)) {
        change(&entry.gauge);
    } else if let Some(entry) = find_entry(core, entry) {
        change(&entry.gauge);
    }
}

/// Adds a series to the tables of a store. Nothing comes back only when it is called from inside the slow path
/// itself.
#[cold]
pub(super) fn add_series(
    store: &'static MetricStore,
    core: &'static Core,
    hash: u64,
    texts: &[&str],
) -> Option<&'static SeriesEntry> {
    slowly(|_, _| {
        // Known to the registry, so that its series show whatever is done with them.
        let _ = registry::base_of(core);
        store.add_series(core, hash, texts)
    })
}

/// Takes the slow path, unless this thread is on it already.
pub(super) fn slowly<R>(work: impl FnOnce(&MetricLocal, &'static MetricStore) -> R) -> Option<R> {
    LOCAL.with(|local| {
        if local.busy.replace(true) {
            return None;
        }
        let result = work(local, local.store());
        local.busy.set(false);
        Some(result)
    })
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
fn change_fixed(core: &'static Core, changes: &[(usize, Change)]) {
    slowly_or_lost(|local, store| {
        if let Some(base) = registry::base_of(core)
            && store.is_enabled()
        {
            local.change(store, Space::Fixed, base, changes);
        }
    });
}

#[cold]
#[inline(never)]
fn change_entry(core: &'static Core, entry: &'static SeriesEntry, changes: &[(usize, Change)]) {
    if let Some(entry) = find_entry(core, entry) {
        slowly_or_lost(|local, store| local.change(store, Space::Series, entry.base, changes));
    }
}

#[cold]
#[inline(never)]
fn find_gauge(core: &'static Core, offset: usize) -> Option<&'static AtomicU64> {
    slowly_or_lost(|local, store| {
        let index = registry::base_of(core)? + offset;
        if !store.is_enabled() {
            return None;
        }
        local.reach_gauges(store);
        store.gauge(index)
    })
    .flatten()
}

/// The same label set in this thread's store, when an update is wanted there: a handle resolved in one store counts
/// in whichever store the thread writes to.
#[cold]
#[inline(never)]
fn find_entry(core: &'static Core, entry: &'static SeriesEntry) -> Option<&'static SeriesEntry> {
    slowly_or_lost(|_, _| registry::base_of(core)).flatten()?;
    let store = store();
    if !store.is_enabled() {
        return None;
    }
    if ptr::eq(store, entry.store) {
        return Some(entry);
    }
    let texts: Vec<&str> = entry.texts().collect();
    series::look_up(core, &texts)
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
