//! All threads' cells of one index space.

use std::collections::BTreeMap;
use std::mem;
use std::sync::PoisonError;

use super::block::Block;
use super::layout::Layout;
use crate::sync::{Mutex, MutexGuard};

/// The blocks of live threads, and the totals of those that have ended.
///
/// Memory: a thread's block reaches as far as the cells it has used, rounded up to a power of two and at least
/// [`FIRST_CELLS`](Self::FIRST_CELLS), at 8 bytes a cell; it is freed when the thread ends.
#[derive(Debug)]
pub(crate) struct Ledger {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    threads: BTreeMap<u64, Block>,
    last_key: u64,
    retired: Vec<u64>,
    /// The process that counts: in the child of a fork everything begins at zero.
    #[cfg(not(loom))]
    generation: u64,
}

/// A change of one cell.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    /// Adds to a count.
    Count(u64),
    /// Adds to a sum.
    Sum(f64),
}

impl Ledger {
    /// Cells in the smallest block.
    pub(crate) const FIRST_CELLS: usize = if cfg!(loom) { 2 } else { 64 };

    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        let state = State { threads: BTreeMap::new(), last_key: 0, retired: Vec::new(), generation: 0 };
        Self { state: Mutex::new(state) }
    }

    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Self { state: Mutex::new(State { threads: BTreeMap::new(), last_key: 0, retired: Vec::new() }) }
    }

    /// Makes the block of a thread reach `index`, hands it to `point`, and gives back the thread's key. A thread
    /// without a block brings the key 0.
    pub(super) fn grow(&self, key: u64, index: usize, point: impl FnOnce(&Block)) -> u64 {
        let mut state = self.lock();
        let key = if key == 0 {
            state.last_key += 1;
            state.last_key
        } else {
            key
        };
        let cells = (index + 1).next_power_of_two().max(Self::FIRST_CELLS);
        let block = state.threads.entry(key).or_insert_with(|| Block::zeroed(0));
        let larger = block.grown(cells);
        let old = mem::replace(block, larger);
        point(block);
        // Only now that nobody points at it, and with nothing locked: an allocator that counts frees updates cells.
        drop(state);
        drop(old);
        key
    }

    /// Adds the cells of a thread to the retired totals and frees them.
    pub(super) fn fold(&self, key: u64, layout: &Layout) {
        let mut state = self.lock();
        let block = state.threads.remove(&key);
        if let Some(block) = &block {
            layout.add(&mut state.retired, block);
        }
        drop(state);
        drop(block);
    }

    /// Applies a change to the retired totals: for a thread that owns no cells any more.
    pub(super) fn retire(&self, index: usize, change: Change) {
        let mut state = self.lock();
        if state.retired.len() <= index {
            state.retired.resize(index + 1, 0);
        }
        let total = &mut state.retired[index];
        *total = match change {
            Change::Count(amount) => total.wrapping_add(amount),
            Change::Sum(amount) => (f64::from_bits(*total) + amount).to_bits(),
        };
    }

    /// The totals over all threads, past and present, from the first cell of the layout to the last.
    ///
    /// No count is ever lower than in an earlier read.
    pub(crate) fn read(&self, layout: &Layout) -> Vec<u64> {
        let mut totals = vec![0; layout.len()];
        let state = self.lock();
        for (total, retired) in totals.iter_mut().zip(&state.retired) {
            *total = *retired;
        }
        for block in state.threads.values() {
            layout.add(&mut totals, block);
        }
        drop(state);
        totals
    }

    /// The number of blocks, and of cells in all of them.
    #[cfg(test)]
    pub(crate) fn size(&self) -> (usize, usize) {
        let state = self.lock();
        (state.threads.len(), state.threads.values().map(Block::len).sum())
    }

    #[cfg(loom)]
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(not(loom))]
    fn lock(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let generation = crate::forking::generation();
        if state.generation != generation {
            // The blocks of threads that are not here; that of the one which forked it has let go of.
            state.threads.clear();
            state.retired.clear();
            state.generation = generation;
        }
        state
    }

    /// Has the lock held while the process forks.
    #[cfg(not(loom))]
    pub(crate) fn hold(&'static self, keeper: &mut crate::forking::Keeper) {
        keeper.hold(&self.state);
    }
}
