//! Where a series is: found by index, or by the texts of its labels.

use std::ptr;

use super::instrument::Core;
use super::labels::LabelSet;
use super::series::{self, SeriesEntry};

/// A series of some instrument.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// Behind the first cell of its instrument by so many cells.
    Index(usize),
    /// In the tables of a store, or [`NOWHERE`](series::NOWHERE).
    Entry(&'static SeriesEntry),
}

impl Place {
    /// Whether it is one, and not [`NOWHERE`](series::NOWHERE).
    pub(super) fn is_somewhere(self) -> bool {
        !matches!(self, Self::Entry(entry) if ptr::eq(entry, &raw const series::NOWHERE))
    }
}

/// Finds the series of a label set in this thread's store, and adds it when it is new. A series found by index takes
/// `stride` cells.
#[inline(always)]
pub(super) fn find<L: LabelSet>(core: &'static Core, values: &L::Values<'_>, stride: usize) -> Place {
    if L::DENSE {
        Place::Index(L::index(values) * stride)
    } else {
        Place::Entry(series::look_up::<L>(core, values))
    }
}
