//! What every instrument is made of: its description, and the gate its updates pass.

use std::panic::Location;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::buckets;
use super::cells::Published;
use super::exemplar::ATTEMPTS;
use super::gauge;
use super::labels::{self, LabelSet};
use super::pairs::SeriesLabels;
use super::series::SeriesTable;
use super::snapshot::{MetricKind, exposed_names};
use super::view::View;

/// The gate of an instrument that does nothing: disabled everywhere, or refused by the registry.
pub(super) const OFF: u32 = u32::MAX;
/// The gate of an instrument that is on everywhere and whose series are found by text.
pub(super) const OPEN: u32 = 0;
/// The gate of an instrument the registry does not know yet. No thread's cells reach this far.
pub(super) const UNREGISTERED: u32 = 0xC000_0000;
/// Set in a gate while some stores are enabled and others are not: the update must ask its own. No thread's cells
/// reach this far either, so the hot path needs no test for it.
pub(super) const MIXED: u32 = 0x8000_0000;
/// Set in a gate while updates are to look for exemplars; see `exemplar.rs`. It works as `MIXED` does.
const ARMED: u32 = 0x2000_0000;
/// The largest number of cells of all instruments together; indices below it carry no flag.
pub(super) const MAX_CELLS: usize = 0x1000_0000;

/// An instrument, of whatever type.
///
/// On cache lines of its own: every update reads the gate, and a neighbour that is written would take it away.
#[doc(hidden)]
#[derive(Debug)]
#[repr(C, align(64))]
pub struct Core {
    /// `OFF`, `UNREGISTERED`, or the index of the first cell (0 where series are found by text), with `MIXED` where
    /// stores differ, and with `ARMED`. Written by the registry under its mutex, `ARMED` taken away by updates; read by
    /// every update.
    gate: AtomicU32,
    /// Updates that are still to look for exemplars while the gate is armed. Written when it is, and by each of them.
    pub(super) attempts: AtomicU32,
    /// The string series of this instrument in the process's own store.
    pub(super) global_series: Published<SeriesTable>,
    pub(super) descriptor: Descriptor,
    /// The labels of series found by index, in their order.
    dense_labels: OnceLock<Box<[OnceLock<SeriesLabels>]>>,
}

/// What was declared.
#[derive(Debug)]
pub(super) struct Descriptor {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) unit: Option<&'static str>,
    pub(super) crate_name: &'static str,
    pub(super) crate_version: &'static str,
    pub(super) kind: MetricKind,
    /// Upper bounds; empty unless it is a histogram.
    pub(super) bounds: &'static [f64],
    pub(super) label_names: &'static [&'static str],
    pub(super) label_values: &'static [&'static [&'static str]],
    /// The number of series found by index, or nothing when they are found by hash.
    pub(super) dense: Option<usize>,
    pub(super) limit: usize,
    /// What is exposed in its stead.
    pub(super) view: Option<View>,
    pub(super) place: &'static Location<'static>,
}

impl Descriptor {
    /// The names it has in the expositions: those of a view are the view's affair.
    pub(super) fn exposed_names(&self) -> Vec<String> {
        if self.view.is_some() { Vec::new() } else { exposed_names(self.name, self.kind) }
    }
}

/// The part of a declaration that all types share, as `metric!` writes it down.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Declared {
    pub name: &'static str,
    pub help: &'static str,
    pub unit: Option<&'static str>,
    pub crate_name: &'static str,
    pub crate_version: &'static str,
}

impl Core {
    pub(super) const fn new<L: LabelSet>(
        declared: Declared,
        kind: MetricKind,
        bounds: &'static [f64],
        place: &'static Location<'static>,
    ) -> Self {
        Self {
            gate: AtomicU32::new(UNREGISTERED),
            attempts: AtomicU32::new(0),
            global_series: Published::empty(),
            dense_labels: OnceLock::new(),
            descriptor: Descriptor {
                name: declared.name,
                help: declared.help,
                unit: declared.unit,
                crate_name: declared.crate_name,
                crate_version: declared.crate_version,
                kind,
                bounds,
                label_names: L::NAMES,
                label_values: L::VALUES,
                dense: if L::DENSE { Some(L::COMBINATIONS) } else { None },
                limit: L::LIMIT,
                view: None,
                place,
            },
        }
    }

    /// The gate word.
    #[inline(always)]
    pub(super) fn gate(&self) -> u32 {
        self.gate.load(Ordering::Relaxed)
    }

    /// Changes the gate; only the registry does, under its mutex.
    pub(super) fn set_gate(&self, word: u32) {
        self.gate.store(word, Ordering::Relaxed);
        self.arm();
    }

    /// Makes the next updates look for exemplars, where the instrument has them; only the registry does, under its
    /// mutex.
    pub(super) fn arm(&self) {
        let gate = self.gate();
        if !matches!(gate, OFF | UNREGISTERED) && self.descriptor.kind != MetricKind::Gauge {
            self.attempts.store(ATTEMPTS, Ordering::Relaxed);
            self.gate.store(gate | ARMED, Ordering::Relaxed);
        }
    }

    /// Whether updates look for exemplars.
    pub fn is_armed(&self) -> bool {
        is_armed(self.gate())
    }

    /// Lets updates go the short way again.
    pub(super) fn disarm(&self) {
        let gate = self.gate();
        if is_armed(gate) {
            // A gate that changes meanwhile is armed anew, or off.
            let _ = self.gate.compare_exchange(gate, gate & !ARMED, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// The gate word as if it were not armed; that of an instrument the registry does not know where it is off.
    pub(super) fn plain_gate(&self) -> u32 {
        match self.gate() {
            OFF => UNREGISTERED,
            word => word & !ARMED,
        }
    }

    /// The cells one series takes in its index space.
    pub(super) fn stride(&self) -> usize {
        match self.descriptor.kind {
            MetricKind::Counter => 1,
            MetricKind::Gauge => gauge::STRIDE,
            MetricKind::Histogram => buckets::stride(self.descriptor.bounds),
        }
    }

    /// The labels of the series at `index`, of those found by index.
    pub(super) fn labels_at(&'static self, index: usize) -> Option<&'static SeriesLabels> {
        let descriptor = &self.descriptor;
        let all = self
            .dense_labels
            .get_or_init(|| (0..descriptor.dense.unwrap_or(0)).map(|_| OnceLock::new()).collect());
        Some(all.get(index)?.get_or_init(|| {
            let texts = labels::texts_at(descriptor.label_values, index);
            SeriesLabels::new(descriptor.label_names.iter().copied().zip(texts))
        }))
    }
}

/// Whether a gate is armed; one that is off has every bit.
const fn is_armed(gate: u32) -> bool {
    gate != OFF && gate & ARMED != 0
}
