//! The thread's side of the cells: what it keeps at hand, and how it attaches to its store.
//!
//! The thread-local has no destructor and needs no initialisation, so reaching it is one address computation, also
//! while the thread is being torn down. A second thread-local with a destructor is touched when the thread first
//! attaches; at the thread's end it folds the thread's cells into the store's retired totals. Updates made after that
//! go to the retired totals directly.
#![allow(
    unsafe_code,
    reason = "the hot path borrows the thread-local without a closure, so that it is inlined whole"
)]

use std::cell::Cell;
use std::ptr;

use super::cells::{Change, Owner, View};
use super::registry;
use super::store::{GLOBAL, MetricStore};

/// What one thread needs at hand to update instruments.
pub(super) struct MetricLocal {
    /// Cells of instruments whose series are found by index, the same indices in every store.
    pub(super) fixed: Owner,
    /// Cells of series found by text, at indices of the thread's store.
    pub(super) series: Owner,
    /// The [origin](MetricStore::origin) of the thread's store.
    pub(super) origin: Cell<u64>,
    /// The gauges of the thread's store that are found by index; see [`MetricStore::first_gauges`].
    pub(super) gauges: View,
    /// The store this thread writes to.
    pub(super) store: Cell<&'static MetricStore>,
    /// Whether the slow path is on the stack: an update from inside it (by an allocator that counts, say) must not
    /// enter it again.
    pub(super) busy: Cell<bool>,
}

thread_local! {
    static LOCAL: MetricLocal = const {
        MetricLocal {
            fixed: Owner::new(),
            series: Owner::new(),
            origin: Cell::new(0),
            gauges: View::empty(),
            store: Cell::new(&GLOBAL),
            busy: Cell::new(false),
        }
    };

    static EXIT: Exit = const { Exit };
}

/// Folds the thread's cells when the thread ends.
struct Exit;

impl Drop for Exit {
    fn drop(&mut self) {
        MetricLocal::here().leave();
    }
}

/// Which of a thread's cells.
#[derive(Clone, Copy, Debug)]
pub(super) enum Space {
    /// Those found by index.
    Fixed,
    /// Those found by text.
    Series,
}

/// Makes this thread write to another store, and gives back the one it wrote to.
///
/// The thread's cells are folded into the store it leaves. It attaches to the new one at its first update.
pub(crate) fn switch(store: &'static MetricStore) -> &'static MetricStore {
    let local = MetricLocal::here();
    let previous = local.store.get();
    if !ptr::eq(previous, store) {
        local.leave();
        local.store.set(store);
        local.origin.set(store.origin());
    }
    previous
}

/// Forgets the thread's cells, in the child of a fork: writes words alone.
pub(crate) fn begin_anew() {
    let local = MetricLocal::here();
    local.fixed.begin_anew();
    local.series.begin_anew();
    local.gauges.clear();
}

/// Lets no update of this thread take the slow path any more, in the child of a fork that has locks nobody will let go:
/// writes a word.
pub(crate) fn halt() {
    MetricLocal::here().busy.set(true);
}

/// The store this thread writes to.
pub(crate) fn store() -> &'static MetricStore {
    MetricLocal::here().store.get()
}

/// Runs `work`, during which no update of this thread takes the slow path: for whoever holds what the slow path locks.
pub(super) fn quietly<R>(work: impl FnOnce() -> R) -> R {
    let local = MetricLocal::here();
    let was_busy = local.busy.replace(true);
    let result = work();
    local.busy.set(was_busy);
    result
}

impl MetricLocal {
    /// This thread's.
    ///
    /// Not to be kept: the reference holds only on this thread, while the caller runs.
    #[inline(always)]
    pub(super) fn here<'a>() -> &'a Self {
        let local = LOCAL.with(ptr::from_ref);
        // SAFETY: const-initialised and without a destructor, it lives as long as its thread; the callers, all in this
        // module's parent, let go of the reference before they return.
        unsafe { &*local }
    }

    /// Applies a change to a cell the hot path did not reach.
    pub(super) fn change(&self, store: &'static MetricStore, space: Space, index: usize, change: Change) {
        // Once its destructor has run, the thread cannot own cells: nobody would fold them.
        let may_own = EXIT.try_with(|_| ()).is_ok();
        match space {
            Space::Fixed => self.fixed.change(&store.fixed, index, change, may_own),
            Space::Series => self.series.change(&store.series, index, change, may_own),
        }
    }

    /// Lets go of the store: folds this thread's cells into its retired totals.
    fn leave(&self) {
        let store = self.store.get();
        self.gauges.clear();
        quietly(|| {
            registry::with_layout(|layout| self.fixed.leave(&store.fixed, layout));
            store.with_series_layout(|layout| self.series.leave(&store.series, layout));
        });
    }
}
