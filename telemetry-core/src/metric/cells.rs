//! The memory behind instruments: blocks of 64-bit cells, and the pointer a thread keeps to its own.
#![allow(unsafe_code, reason = "the hot path reaches a cell through a raw pointer kept in a thread-local")]

use std::cell::Cell;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Cells in one line of a block.
const CELLS_PER_LINE: usize = 16;

/// Sixteen cells on a pair of cache lines of their own, so that blocks of two threads never share a line (adjacent
/// lines are fetched in pairs).
#[derive(Debug)]
#[repr(align(128))]
struct Line([AtomicU64; CELLS_PER_LINE]);

// The view of a block as one array of cells rests on this: a line holds its cells and nothing else.
const _: () = assert!(size_of::<Line>() == CELLS_PER_LINE * size_of::<AtomicU64>());

/// A fixed number of cells at a stable address, zero when made.
///
/// Shared ownership, not a box: a thread's [`View`] stays valid while the block's owner moves the handle about.
#[derive(Debug, Default)]
pub(super) struct Block {
    lines: Arc<[Line]>,
}

impl Block {
    /// Makes a block of at least `cells` cells.
    pub(super) fn zeroed(cells: usize) -> Self {
        let lines = cells.div_ceil(CELLS_PER_LINE);
        Self { lines: (0..lines).map(|_| Line([const { AtomicU64::new(0) }; CELLS_PER_LINE])).collect() }
    }

    /// The number of cells.
    pub(super) fn len(&self) -> usize {
        self.lines.len() * CELLS_PER_LINE
    }

    /// The cell at `index`.
    pub(super) fn get(&self, index: usize) -> Option<&AtomicU64> {
        self.lines.get(index / CELLS_PER_LINE).map(|line| &line.0[index % CELLS_PER_LINE])
    }

    /// The value at `index`; zero beyond the end.
    pub(super) fn read(&self, index: usize) -> u64 {
        self.get(index).map_or(0, |cell| cell.load(Ordering::Relaxed))
    }

    /// A larger block with the same values. Only the block's writer may call it, or an update is lost.
    pub(super) fn grown(&self, cells: usize) -> Self {
        let larger = Self::zeroed(cells.max(self.len()));
        for (old, new) in self.lines.iter().zip(larger.lines.iter()) {
            for (old, new) in old.0.iter().zip(&new.0) {
                new.store(old.load(Ordering::Relaxed), Ordering::Relaxed);
            }
        }
        larger
    }
}

/// A thread's pointer to a block: what the hot path loads, and nothing more.
///
/// Invariant: when `len` is not zero, `first` points to `len` cells that stay alive until the view is pointed
/// elsewhere or cleared.
#[derive(Debug)]
pub(super) struct View {
    first: Cell<*const AtomicU64>,
    len: Cell<usize>,
}

impl View {
    pub(super) const fn empty() -> Self {
        Self { first: Cell::new(ptr::null()), len: Cell::new(0) }
    }

    /// The cell at `index`, unless the view does not reach that far.
    #[inline(always)]
    pub(super) fn get(&self, index: usize) -> Option<&AtomicU64> {
        if index < self.len.get() {
            // SAFETY: `index` is below `len`, so by the invariant the cell exists. The borrow is of `self`, and
            // `View` is not `Sync`, so nothing points the view elsewhere before the caller's statement ends: callers
            // are in this module's parent and hold the reference for a load and a store only.
            Some(unsafe { &*self.first.get().add(index) })
        } else {
            None
        }
    }

    /// Whether the view reaches `index`.
    pub(super) fn reaches(&self, index: usize) -> bool {
        index < self.len.get()
    }

    /// Points the view at a block.
    ///
    /// # Safety
    /// The block must stay alive, and not be replaced, until the view is pointed elsewhere or cleared.
    pub(super) unsafe fn point_at(&self, block: &Block) {
        self.first.set(block.lines.as_ptr().cast());
        self.len.set(block.len());
    }

    /// Forgets the block.
    pub(super) fn clear(&self) {
        self.len.set(0);
        self.first.set(ptr::null());
    }
}

/// Adds to a counter cell this thread owns: with one writer a load and a store are enough.
#[inline(always)]
pub(super) fn bump(cell: &AtomicU64, amount: u64) {
    cell.store(cell.load(Ordering::Relaxed).wrapping_add(amount), Ordering::Relaxed);
}

/// Adds to a sum cell this thread owns.
#[inline(always)]
pub(super) fn bump_sum(cell: &AtomicU64, amount: f64) {
    cell.store((f64::from_bits(cell.load(Ordering::Relaxed)) + amount).to_bits(), Ordering::Relaxed);
}

/// What the cells of an index space hold: counts, or at some indices the bits of a floating-point sum.
#[derive(Debug, Default)]
pub(super) struct Layout {
    sums: Vec<bool>,
}

impl Layout {
    pub(super) const fn empty() -> Self {
        Self { sums: Vec::new() }
    }

    /// Takes `count` runs of `stride` cells and gives back the index of the first; with `sums`, the last cell of
    /// each run is a sum.
    pub(super) fn take(&mut self, count: usize, stride: usize, sums: bool) -> usize {
        let base = self.sums.len();
        self.sums.extend((0..count * stride).map(|cell| sums && cell % stride == stride - 1));
        base
    }

    /// The number of cells taken.
    pub(super) fn len(&self) -> usize {
        self.sums.len()
    }

    /// Adds `bits` to `total`, both being what the cell at `index` holds.
    pub(super) fn merge(&self, index: usize, total: u64, bits: u64) -> u64 {
        if self.sums.get(index).copied().unwrap_or(false) {
            (f64::from_bits(total) + f64::from_bits(bits)).to_bits()
        } else {
            total.wrapping_add(bits)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_keeps_the_values() {
        let block = Block::zeroed(20);
        assert_eq!(block.len(), 32);
        bump(block.get(19).unwrap(), 7);
        let larger = block.grown(100);
        assert_eq!((larger.read(19), larger.read(99), larger.read(4096)), (7, 0, 0));
    }

    #[test]
    fn a_view_reaches_its_block_and_no_further() {
        let block = Block::zeroed(16);
        let view = View::empty();
        assert!(view.get(0).is_none());
        // SAFETY: the block outlives the view's use below.
        unsafe { view.point_at(&block) };
        bump_sum(view.get(15).unwrap(), 1.5);
        assert!(view.get(16).is_none());
        assert!(f64::from_bits(block.read(15)).to_bits() == 1.5_f64.to_bits());
        view.clear();
        assert!(!view.reaches(0));
    }

    #[test]
    fn blocks_start_on_lines_of_their_own() {
        let block = Block::zeroed(1);
        assert_eq!(ptr::from_ref(block.get(0).unwrap()).addr() % 128, 0);
    }

    #[test]
    fn sums_merge_as_numbers_and_counts_as_integers() {
        let mut layout = Layout::empty();
        assert_eq!(layout.take(2, 3, true), 0);
        assert_eq!(layout.take(1, 1, false), 6);
        assert_eq!(layout.len(), 7);
        assert_eq!(
            f64::from_bits(layout.merge(2, 1.5_f64.to_bits(), 2.0_f64.to_bits())).to_bits(),
            3.5_f64.to_bits()
        );
        assert_eq!(layout.merge(3, 1, 2), 3);
        assert_eq!(layout.merge(6, 1, 2), 3);
    }
}
