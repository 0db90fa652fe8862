//! Where a series is: found by index, or by the texts of its labels.

use super::instrument::Core;
use super::labels::LabelSet;
use super::series::{self, SeriesEntry};

/// A series of some instrument.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// At this position among the label sets of its instrument.
    Index(usize),
    /// In the tables of a store.
    Entry(&'static SeriesEntry),
    /// Nowhere: it was asked for from inside the slow path of another update, and updates are counted as lost.
    Nowhere,
}

/// Finds the series of a label set in this thread's store, and adds it when it is new.
#[inline(always)]
pub(super) fn find<L: LabelSet>(core: &'static Core, values: &L::Values<'_>) -> Place {
    if L::DENSE {
        Place::Index(L::index(values))
    } else {
        series::look_up(core, L::texts(values).as_ref()).map_or(Place::Nowhere, Place::Entry)
    }
}
