//! The thread's side of the cells: the hot path, and the slow one that attaches a thread to its store.
//!
//! The thread-local has no destructor and needs no initialisation, so reaching it is one address computation, also
//! while the thread is being torn down. A second thread-local with a destructor is touched when the thread first
//! attaches; at the thread's end it folds the thread's cells into the store's retired totals. Updates made after that
//! go to the retired totals directly.
#![allow(unsafe_code, reason = "points the thread's views at blocks owned by its store")]

use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use super::cells::{Block, View, bump, bump_sum};
use super::instrument::Core;
use super::registry;
use super::series::SeriesEntry;
use super::store::{GLOBAL, MetricStore, Space};

/// What one thread needs at hand to update instruments.
struct MetricLocal {
    /// Cells of instruments whose series are found by index, the same indices in every store.
    fixed: View,
    /// Cells of series found by text, at indices of the thread's store.
    series: View,
    /// The first gauges of the thread's store.
    gauges: View,
    /// The store this thread writes to; nothing stands for the process's own.
    store: Cell<Option<&'static MetricStore>>,
    /// The key of this thread's blocks in its store, 0 while it has none.
    key: Cell<u64>,
    /// Whether the slow path is on the stack: an update from inside it (by an allocator that counts, say) must not
    /// enter it again.
    busy: Cell<bool>,
    /// Whether the thread's destructors have run: it owns no cells any more.
    ended: Cell<bool>,
}

thread_local! {
    static LOCAL: MetricLocal = const {
        MetricLocal {
            fixed: View::empty(),
            series: View::empty(),
            gauges: View::empty(),
            store: Cell::new(None),
            key: Cell::new(0),
            busy: Cell::new(false),
            ended: Cell::new(false),
        }
    };

    static EXIT: Exit = const { Exit };
}

/// Folds the thread's cells when the thread ends.
struct Exit;

impl Drop for Exit {
    fn drop(&mut self) {
        LOCAL.with(|local| {
            local.detach();
            local.ended.set(true);
        });
    }
}

/// A change of one cell.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    /// Adds to a count.
    Count(u64),
    /// Adds to a sum.
    Sum(f64),
}

impl Change {
    fn apply(self, cell: &AtomicU64) {
        match self {
            Self::Count(amount) => bump(cell, amount),
            Self::Sum(amount) => bump_sum(cell, amount),
        }
    }
}

/// Makes this thread write to another store, and gives back the one it wrote to.
///
/// The thread's cells are folded into the store it leaves. It attaches to the new one at its first update.
pub(crate) fn switch(store: &'static MetricStore) -> &'static MetricStore {
    LOCAL.with(|local| {
        let previous = local.store();
        if !ptr::eq(previous, store) {
            local.detach();
            local.store.set((!ptr::eq(store, &raw const GLOBAL)).then_some(store));
        }
        previous
    })
}

/// The store this thread writes to.
#[inline]
pub(crate) fn store() -> &'static MetricStore {
    LOCAL.with(MetricLocal::store)
}

/// Adds to a count of an instrument whose series are found by index; `gate` is its gate, seen not to be off.
#[inline(always)]
pub(super) fn add_fixed(core: &'static Core, gate: u32, offset: usize, amount: u64) {
    LOCAL.with(|local| match local.fixed.get(gate as usize + offset) {
        Some(cell) => bump(cell, amount),
        None => change_fixed(core, offset, Change::Count(amount)),
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
            change_fixed(core, bucket, Change::Count(1));
            change_fixed(core, sum, Change::Sum(value));
        }
    });
}

/// Adds to a count of a series found by text.
#[inline(always)]
pub(super) fn add_entry(core: &'static Core, entry: &'static SeriesEntry, offset: usize, amount: u64) {
    LOCAL.with(|local| match local.entry_cell(core, entry, offset) {
        Some(cell) => bump(cell, amount),
        None => change_entry(core, entry, offset, Change::Count(amount)),
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
            change_entry(core, entry, bucket, Change::Count(1));
            change_entry(core, entry, sum, Change::Sum(value));
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
    if LOCAL.with(|local| is_open(core) && ptr::eq(local.store(), entry.store)) {
        change(&entry.gauge);
    } else if let Some(entry) = find_entry(core, entry) {
        change(&entry.gauge);
    }
}

/// Adds a series to the tables of a store. Nothing comes back, and a loss is counted, only when it is called from
/// inside the slow path itself.
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

/// Whether the gate is open and carries no flag.
#[inline(always)]
fn is_open(core: &'static Core) -> bool {
    (core.gate() as i32) >= 0
}

/// Takes the slow path, unless this thread is on it already.
fn slowly<R>(work: impl FnOnce(&MetricLocal, &'static MetricStore) -> R) -> Option<R> {
    LOCAL.with(|local| {
        let store = local.store();
        if local.busy.replace(true) {
            store.count_lost();
            return None;
        }
        let result = work(local, store);
        local.busy.set(false);
        Some(result)
    })
}

#[cold]
#[inline(never)]
fn change_fixed(core: &'static Core, offset: usize, change: Change) {
    slowly(|local, store| {
        if let Some(base) = registry::base_of(core)
            && store.is_enabled()
        {
            local.change(store, Space::Fixed, base + offset, change);
        }
    });
}

#[cold]
#[inline(never)]
fn change_entry(core: &'static Core, entry: &'static SeriesEntry, offset: usize, change: Change) {
    if let Some(entry) = find_entry(core, entry) {
        slowly(|local, store| local.change(store, Space::Series, entry.base + offset, change));
    }
}

#[cold]
#[inline(never)]
fn find_gauge(core: &'static Core, offset: usize) -> Option<&'static AtomicU64> {
    slowly(|local, store| {
        let index = registry::base_of(core)? + offset;
        if !store.is_enabled() {
            return None;
        }
        // SAFETY: the gauges of a store are never freed nor replaced.
        unsafe { local.gauges.point_at(store.first_gauges()) };
        store.gauge(index)
    })
    .flatten()
}

/// The same label set in this thread's store, when an update is wanted there: a handle resolved in one store counts
/// in whichever store the thread writes to.
#[cold]
#[inline(never)]
fn find_entry(core: &'static Core, entry: &'static SeriesEntry) -> Option<&'static SeriesEntry> {
    slowly(|_, _| registry::base_of(core)).flatten()?;
    let store = store();
    if !store.is_enabled() {
        return None;
    }
    if ptr::eq(store, entry.store) {
        return Some(entry);
    }
    let texts: Vec<&str> = entry.texts().collect();
    super::series::look_up(core, &texts)
}

impl MetricLocal {
    #[inline(always)]
    fn store(&self) -> &'static MetricStore {
        self.store.get().unwrap_or(&GLOBAL)
    }

    #[inline(always)]
    fn entry_cell(
        &self,
        core: &'static Core,
        entry: &'static SeriesEntry,
        offset: usize,
    ) -> Option<&AtomicU64> {
        if is_open(core) && ptr::eq(self.store(), entry.store) {
            self.series.get(entry.base + offset)
        } else {
            None
        }
    }

    fn change(&self, store: &'static MetricStore, space: Space, index: usize, change: Change) {
        if self.reach(store, space, index) {
            if let Some(cell) = self.view(space).get(index) {
                change.apply(cell);
            }
        } else {
            store.retire(space, index, change);
        }
    }

    /// Makes this thread's block reach `index`; false when the thread has ended and cannot own one.
    fn reach(&self, store: &'static MetricStore, space: Space, index: usize) -> bool {
        if self.view(space).reaches(index) {
            return true;
        }
        if self.ended.get() || EXIT.try_with(|_| ()).is_err() {
            return false;
        }
        let key = store.grow(self.key.get(), space, index, |block: &Block| {
            // SAFETY: the store keeps the block under this thread's key until `grow` replaces it or `fold` takes it,
            // and only this thread calls either for its key: here, where the view is pointed at the new block, and
            // in `detach`, where it is cleared first.
            unsafe { self.view(space).point_at(block) };
        });
        self.key.set(key);
        true
    }

    fn view(&self, space: Space) -> &View {
        match space {
            Space::Fixed => &self.fixed,
            Space::Series => &self.series,
        }
    }

    /// Lets go of the store: folds this thread's cells into its retired totals.
    fn detach(&self) {
        self.fixed.clear();
        self.series.clear();
        self.gauges.clear();
        let key = self.key.replace(0);
        if key != 0 {
            let was_busy = self.busy.replace(true);
            self.store().fold(key);
            self.busy.set(was_busy);
        }
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
