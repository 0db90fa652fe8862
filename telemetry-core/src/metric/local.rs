//! The thread's side of the cells: what it keeps at hand, and how it attaches to its store.
//!
//! The thread-local has no destructor and needs no initialisation, so reaching it is one address computation, also
//! while the thread is being torn down. A second thread-local with a destructor is touched when the thread first
//! attaches; at the thread's end it folds the thread's cells into the store's retired totals. Updates made after that
//! go to the retired totals directly.
#![allow(unsafe_code, reason = "points the thread's views at blocks owned by its store")]

use std::cell::Cell;
use std::ptr;
use std::sync::atomic::AtomicU64;

use super::cells::{Block, View, bump, bump_sum};
use super::instrument::Core;
use super::series::SeriesEntry;
use super::store::{GLOBAL, MetricStore, Space};

/// What one thread needs at hand to update instruments.
pub(super) struct MetricLocal {
    /// Cells of instruments whose series are found by index, the same indices in every store.
    pub(super) fixed: View,
    /// Cells of series found by text, at indices of the thread's store.
    pub(super) series: View,
    /// The first gauges of the thread's store.
    pub(super) gauges: View,
    /// The store this thread writes to; nothing stands for the process's own.
    store: Cell<Option<&'static MetricStore>>,
    /// The key of this thread's blocks in its store, 0 while it has none.
    key: Cell<u64>,
    /// Whether the slow path is on the stack: an update from inside it (by an allocator that counts, say) must not
    /// enter it again.
    pub(super) busy: Cell<bool>,
    /// Whether the thread's destructors have run: it owns no cells any more.
    ended: Cell<bool>,
}

thread_local! {
    pub(super) static LOCAL: MetricLocal = const {
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

impl MetricLocal {
    #[inline(always)]
    pub(super) fn store(&self) -> &'static MetricStore {
        self.store.get().unwrap_or(&GLOBAL)
    }

    #[inline(always)]
    pub(super) fn entry_cell(
        &self,
        core: &'static Core,
        entry: &'static SeriesEntry,
        offset: usize,
    ) -> Option<&AtomicU64> {
        if core.is_open() && ptr::eq(self.store(), entry.store) {
            self.series.get(entry.base + offset)
        } else {
            None
        }
    }

    /// Applies changes to cells of one series, which begins at `base`.
    pub(super) fn change(
        &self,
        store: &'static MetricStore,
        space: Space,
        base: usize,
        changes: &[(usize, Change)],
    ) {
        for (offset, change) in changes {
            let index = base + offset;
            if self.reach(store, space, index) {
                if let Some(cell) = self.view(space).get(index) {
                    change.apply(cell);
                }
            } else {
                store.retire(space, index, *change);
            }
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

    /// Brings the first gauges of the store within reach.
    pub(super) fn reach_gauges(&self, store: &'static MetricStore) {
        // SAFETY: the gauges of a store are never freed nor replaced.
        unsafe { self.gauges.point_at(store.first_gauges()) };
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
