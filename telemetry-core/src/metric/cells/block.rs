//! A block of cells, and the pointer a thread keeps to its own.
#![allow(unsafe_code, reason = "the hot path reaches a cell through a raw pointer kept in a thread-local")]

use std::cell::Cell;
use std::ptr;
use std::sync::Arc;

use crate::sync::{AtomicU64, Ordering};

/// Cells in one line of a block; fewer where every access is a step of a model.
pub(super) const CELLS_PER_LINE: usize = if cfg!(loom) { 2 } else { 16 };

/// Sixteen cells on a pair of cache lines of their own, so that blocks of two threads never share a line (adjacent
/// lines are fetched in pairs).
#[derive(Debug)]
#[cfg_attr(not(loom), repr(align(128)))]
struct Line([AtomicU64; CELLS_PER_LINE]);

// The view of a block as one array of cells rests on this: a line holds its cells and nothing else.
const _: () = assert!(size_of::<Line>() == CELLS_PER_LINE * size_of::<AtomicU64>());

/// A fixed number of cells at a stable address.
///
/// Shared ownership, not a box: a thread's [`View`] stays valid while the block's owner moves the handle about.
#[derive(Debug)]
pub(crate) struct Block {
    lines: Arc<[Line]>,
}

impl Block {
    /// Makes a block of at least `cells` cells of zero.
    pub(super) fn zeroed(cells: usize) -> Self {
        Self::filled(cells, 0)
    }

    /// Makes a block of at least `cells` cells of the same value.
    pub(crate) fn filled(cells: usize, value: u64) -> Self {
        let lines = cells.div_ceil(CELLS_PER_LINE);
        Self { lines: (0..lines).map(|_| Line(std::array::from_fn(|_| AtomicU64::new(value)))).collect() }
    }

    /// The number of cells.
    pub(super) fn len(&self) -> usize {
        self.lines.len() * CELLS_PER_LINE
    }

    /// The cell at `index`.
    #[cfg(not(loom))]
    pub(crate) fn get(&self, index: usize) -> Option<&AtomicU64> {
        self.lines.get(index / CELLS_PER_LINE).map(|line| &line.0[index % CELLS_PER_LINE])
    }

    /// The values, from the first cell on.
    pub(super) fn values(&self) -> impl Iterator<Item = u64> {
        self.lines.iter().flat_map(|line| &line.0).map(|cell| cell.load(Ordering::Relaxed))
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

/// A thread's pointer to its block: what the hot path loads, and nothing more.
///
/// Invariant: when `len` is not zero, `first` points to `len` cells that stay alive until the view is pointed
/// elsewhere or cleared.
#[derive(Debug)]
pub(crate) struct View {
    first: Cell<*const AtomicU64>,
    len: Cell<usize>,
}

impl View {
    pub(crate) const fn empty() -> Self {
        Self { first: Cell::new(ptr::null()), len: Cell::new(0) }
    }

    /// Whether the view reaches `index`.
    #[inline(always)]
    pub(super) fn reaches(&self, index: usize) -> bool {
        index < self.len.get()
    }

    /// The cell at `index`, unless the view does not reach that far.
    #[inline(always)]
    pub(crate) fn get(&self, index: usize) -> Option<&AtomicU64> {
        if self.reaches(index) {
            // SAFETY: `index` is below `len`, so by the invariant the cell exists. The borrow is of `self`, and
            // `View` is not `Sync`, so nothing points the view elsewhere before the caller's statement ends: callers
            // are in this module's parent and hold the reference for a load and a store only.
            Some(unsafe { &*self.first.get().add(index) })
        } else {
            None
        }
    }

    /// Runs `update` on the cell at `index`, or `otherwise` where the view does not reach that far.
    ///
    /// Not through [`get`](Self::get): of a reference that may be there the compiler tests the address once more.
    #[inline(always)]
    pub(crate) fn with<R>(
        &self,
        index: usize,
        update: impl FnOnce(&AtomicU64) -> R,
        otherwise: impl FnOnce() -> R,
    ) -> R {
        if self.reaches(index) {
            // SAFETY: as for `get`.
            update(unsafe { &*self.first.get().add(index) })
        } else {
            otherwise()
        }
    }

    /// Runs `update` on the cell at `index` and the one `distance` behind it, or `otherwise` where the view does not
    /// reach that far.
    #[inline(always)]
    pub(super) fn with_pair(
        &self,
        index: usize,
        distance: usize,
        update: impl FnOnce(&AtomicU64, &AtomicU64),
        otherwise: impl FnOnce(),
    ) {
        if index.checked_add(distance).is_some_and(|last| self.reaches(last)) {
            // SAFETY: `index + distance` is below `len`, `index` therefore too; as for `get`.
            let (one, other) = unsafe {
                let first = self.first.get().add(index);
                (&*first, &*first.add(distance))
            };
            update(one, other);
        } else {
            otherwise();
        }
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
    pub(crate) fn clear(&self) {
        self.len.set(0);
        self.first.set(ptr::null());
    }
}

/// A [`View`] of blocks that are never freed: their cells may be kept.
#[cfg(not(loom))]
#[derive(Debug)]
pub(crate) struct StaticView(View);

#[cfg(not(loom))]
impl StaticView {
    pub(crate) const fn empty() -> Self {
        Self(View::empty())
    }

    /// Runs `update` on the cell at `index`, or `otherwise` where the view does not reach that far.
    #[inline(always)]
    pub(crate) fn with<R>(
        &self,
        index: usize,
        update: impl FnOnce(&'static AtomicU64) -> R,
        otherwise: impl FnOnce() -> R,
    ) -> R {
        // SAFETY: the cell is one of a block that lives as long as the process: nothing else is ever pointed at.
        self.0.with(index, |cell| update(unsafe { &*ptr::from_ref(cell) }), otherwise)
    }

    /// Points the view at a block.
    pub(crate) fn point_at(&self, block: &'static Block) {
        // SAFETY: it stays for as long as the process runs.
        unsafe { self.0.point_at(block) };
    }

    /// Forgets the block.
    pub(crate) fn clear(&self) {
        self.0.clear();
    }
}

/// Adds to a count this thread owns: with one writer a load and a store are enough.
#[inline(always)]
pub(crate) fn bump(cell: &AtomicU64, amount: u64) {
    cell.store(cell.load(Ordering::Relaxed).wrapping_add(amount), Ordering::Relaxed);
}

/// Adds to a sum this thread owns.
#[inline(always)]
pub(crate) fn bump_sum(cell: &AtomicU64, amount: f64) {
    cell.store((f64::from_bits(cell.load(Ordering::Relaxed)) + amount).to_bits(), Ordering::Relaxed);
}
