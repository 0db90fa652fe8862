//! A thread's side of a ledger.
#![allow(unsafe_code, reason = "points the thread's view at a block the ledger keeps")]

use std::cell::Cell;

use super::block::{Block, View, bump, bump_sum};
use super::layout::Layout;
use super::ledger::{Change, Ledger};
use crate::sync::AtomicU64;

/// What a thread needs at hand to update the cells of one ledger. It belongs to no ledger until the first update that
/// its view does not reach, and again after [`leave`](Self::leave).
#[derive(Debug)]
pub(crate) struct Owner {
    view: View,
    /// The key of this thread's block in its ledger, 0 while it has none.
    key: Cell<u64>,
}

impl Owner {
    pub(crate) const fn new() -> Self {
        Self { view: View::empty(), key: Cell::new(0) }
    }

    /// Adds to the count at `index`; calls `otherwise` where this thread's block does not reach that far.
    #[inline(always)]
    pub(crate) fn count(&self, index: usize, amount: u64, otherwise: impl FnOnce()) {
        self.view.with(index, |cell| bump(cell, amount), otherwise);
    }

    /// Counts one in the cell `distance` behind the one at `index`, and adds to the sum there; calls `otherwise` where
    /// this thread's block does not reach that far.
    #[inline(always)]
    pub(crate) fn observe(&self, index: usize, distance: usize, value: f64, otherwise: impl FnOnce()) {
        let update = |sum: &AtomicU64, count: &AtomicU64| {
            bump(count, 1);
            bump_sum(sum, value);
        };
        self.view.with_pair(index, distance, update, otherwise);
    }

    /// Applies a change where [`count`](Self::count) or [`observe`](Self::observe) has found nothing. A thread that cannot own a block any more
    /// (`may_own` false) changes the retired totals.
    pub(crate) fn change(&self, ledger: &Ledger, index: usize, change: Change, may_own: bool) {
        if may_own && !self.view.reaches(index) {
            let key = ledger.grow(self.key.get(), index, |block: &Block| {
                // SAFETY: the ledger keeps the block under this thread's key until `grow` replaces it or `fold` takes
                // it, and only this thread calls either for its key: here, where the view is pointed at the new block,
                // and in `leave`, where it is cleared first.
                unsafe { self.view.point_at(block) };
            });
            self.key.set(key);
        }
        match (self.view.get(index), change) {
            (Some(cell), Change::Count(amount)) => bump(cell, amount),
            (Some(cell), Change::Sum(amount)) => bump_sum(cell, amount),
            (None, change) => ledger.retire(index, change),
        }
    }

    /// Forgets the thread's block, in the child of a fork: writes words alone.
    #[cfg(not(loom))]
    pub(crate) fn begin_anew(&self) {
        self.view.clear();
        self.key.set(0);
    }

    /// Lets go of the ledger: folds this thread's cells into its retired totals.
    pub(crate) fn leave(&self, ledger: &Ledger, layout: &Layout) {
        self.view.clear();
        let key = self.key.replace(0);
        if key != 0 {
            ledger.fold(key, layout);
        }
    }
}
