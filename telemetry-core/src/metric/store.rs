//! The values of instruments: one store for the process, further ones for pipelines beside it and for tests.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::calls;
use super::cells::{Block, Layout, Ledger};
use super::chain::Chain;
use super::dynamic::Table as DynamicTable;
use super::exemplar::Exemplars;
use super::gauge::{NEVER_SET, STRIDE};
use super::hash::Digest;
use super::instrument::Core;
use super::observed::Observers;
use super::registry;
use super::sampler::Samplers;
use super::series::{Home, SeriesEntry, SeriesTable};
use super::snapshot::MetricKind;
use crate::forking::{Keeper, get_or_make};

/// The values of every instrument, as one pipeline sees them.
///
/// What it takes in memory is said in the [module's documentation](super).
#[derive(Debug)]
pub(crate) struct MetricStore {
    /// Whether updates count. Written under the registry's mutex; read on slow paths.
    enabled: AtomicBool,
    /// Tells the cells of its string series from those of other stores; 0 for the process's own.
    number: u32,
    /// Cells of series found by index; the indices mean the same in every store.
    pub(super) fixed: Ledger,
    /// Cells of series found by text; the indices are this store's own.
    pub(super) series: Ledger,
    /// What the series cells hold. Whoever adds a table or a series holds it.
    series_cells: Mutex<Layout>,
    /// Tables and gauges. Not used by the process's own store, whose hang on the instruments.
    tables: Chain<SeriesTable>,
    /// The gauges of all instruments known when the first one was changed.
    first_gauges: OnceLock<Block>,
    /// Those of instruments that came later: of a library loaded meanwhile, say.
    late_gauges: Chain<Block>,
    pub(super) exemplars: Exemplars,
    /// Whether the series of every measured function have been made; locked while they are.
    calls_shown: Mutex<bool>,
    /// Instruments made at run time, with their values.
    pub(super) dynamic: DynamicTable,
    pub(super) samplers: Samplers,
    pub(super) observers: Observers,
    /// Observations refused because they are not finite.
    refused: AtomicU64,
    /// Updates lost because they came from inside the slow path of another one.
    lost: AtomicU64,
}

/// The store of the process.
pub(crate) static GLOBAL: MetricStore = MetricStore::new(false, 0);

/// Stores made by [`MetricStore::leak`], so that leak checkers find them.
static LEAKED: Mutex<Vec<&'static MetricStore>> = Mutex::new(Vec::new());

static NUMBERS: AtomicU32 = AtomicU32::new(1);

impl MetricStore {
    const fn new(enabled: bool, number: u32) -> Self {
        Self {
            enabled: AtomicBool::new(enabled),
            number,
            fixed: Ledger::new(),
            series: Ledger::new(),
            series_cells: Mutex::new(Layout::empty()),
            tables: Chain::empty(),
            first_gauges: OnceLock::new(),
            late_gauges: Chain::empty(),
            exemplars: Exemplars::new(),
            calls_shown: Mutex::new(false),
            dynamic: DynamicTable::new(),
            samplers: Samplers::new(),
            observers: Observers::new(),
            refused: AtomicU64::new(0),
            lost: AtomicU64::new(0),
        }
    }

    /// Makes an enabled store that lives as long as the process; about 1 KiB.
    ///
    /// Never reused: a thread that outlives a test may go on writing to the test's store.
    pub(crate) fn leak() -> &'static Self {
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let store: &'static Self = Box::leak(Box::new(Self::new(true, number)));
        LEAKED.lock().unwrap_or_else(PoisonError::into_inner).push(store);
        registry::update_stores(|stores| stores.enabled += 1);
        store
    }

    /// Ends the use of a store made by [`leak`](Self::leak): updates there do nothing any more, and it no longer
    /// counts for the gates. To be called once.
    pub(crate) fn close(&'static self) {
        registry::update_stores(|stores| {
            if self.enabled.swap(false, Ordering::Relaxed) {
                stores.enabled -= 1;
            } else {
                stores.disabled -= 1;
            }
        });
    }

    /// Opens the gates of every instrument for this store.
    pub(crate) fn enable(&'static self) {
        self.set_enabled(true);
    }

    /// Makes every update in this store do nothing. Values stay.
    pub(crate) fn disable(&'static self) {
        self.set_enabled(false);
    }

    /// Whether updates count.
    pub(crate) fn is_enabled(&self) -> bool {
        self.enabled.load(Ordering::Relaxed)
    }

    fn set_enabled(&'static self, enabled: bool) {
        registry::update_stores(|stores| {
            if self.enabled.swap(enabled, Ordering::Relaxed) != enabled {
                let (more, less) = if enabled {
                    (&mut stores.enabled, &mut stores.disabled)
                } else {
                    (&mut stores.disabled, &mut stores.enabled)
                };
                *more += 1;
                *less -= 1;
            }
        });
    }

    /// Has every lock held that updates and readings take, while the process forks.
    pub(crate) fn hold(&'static self, keeper: &mut Keeper) {
        // Each before those that are taken while it is held.
        keeper.hold(&self.calls_shown);
        registry::hold(keeper);
        self.fixed.hold(keeper);
        keeper.hold(&self.series_cells);
        self.series.hold(keeper);
        self.exemplars.hold(keeper);
        self.dynamic.hold(keeper);
        self.samplers.hold(keeper);
        self.observers.hold(keeper);
    }

    /// Begins anew in the child of a fork: counters and histograms at zero, without exemplars. Gauges stand as they are.
    pub(crate) fn begin_anew(&'static self) {
        self.refused.store(0, Ordering::Relaxed);
        self.lost.store(0, Ordering::Relaxed);
        self.exemplars.clear();
        self.dynamic.begin_anew();
        self.samplers.rounds.begin_anew();
    }

    /// Makes the series of every measured function, the first time.
    pub(super) fn show_calls(&'static self) {
        let mut shown = self.calls_shown.lock().unwrap_or_else(PoisonError::into_inner);
        if !*shown {
            calls::show(self);
            *shown = true;
        }
    }

    pub(super) fn count_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_lost(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Where the cells of this store's string series begin, if those of all stores lay one behind the other. Stores are
    /// 2³² apart, so that a cell of one is beyond every other's block.
    pub(super) fn origin(&self) -> u64 {
        u64::from(self.number) << 32
    }

    /// Reads what the series cells hold.
    pub(super) fn with_series_layout<R>(&self, read: impl FnOnce(&Layout) -> R) -> R {
        read(&self.lock())
    }

    /// The gauges a thread reaches without asking the store, at the indices of their gates.
    pub(super) fn first_gauges(&'static self) -> &'static Block {
        get_or_make(&self.first_gauges, || Block::filled(registry::gauge_cells(), NEVER_SET))
    }

    /// The gauges of an instrument that lie beyond the first ones.
    pub(super) fn late_gauges(&'static self, core: &'static Core) -> &'static Block {
        let _adding = self.lock();
        let cells = core.descriptor.dense.unwrap_or(0) * STRIDE;
        let make = || self.late_gauges.push(core, Block::filled(cells, NEVER_SET));
        self.late_gauges.find(core).unwrap_or_else(make)
    }

    /// The slot of a gauge found by index, if any was ever changed.
    pub(super) fn gauge(
        &'static self,
        core: &'static Core,
        base: usize,
        index: usize,
    ) -> Option<&'static AtomicU64> {
        let first = self.first_gauges.get()?;
        let late = || self.late_gauges.find(core)?.get(index * STRIDE);
        first.get(base + index * STRIDE).or_else(late)
    }

    /// The table of an instrument's string series, once it has one.
    #[inline(always)]
    pub(super) fn series_table(&'static self, core: &'static Core) -> Option<&'static SeriesTable> {
        if self.is_global() { core.global_series.get() } else { self.tables.find(core) }
    }

    /// The series of a label set, added if it is new.
    pub(super) fn add_series(
        &'static self,
        core: &'static Core,
        digests: &[Digest],
        texts: &[&str],
    ) -> &'static SeriesEntry {
        let mut cells = self.lock();
        let table = self.series_table(core).unwrap_or_else(|| {
            let table = SeriesTable::new(core.descriptor.limit);
            if self.is_global() {
                core.global_series.set(Box::leak(Box::new(table)))
            } else {
                self.tables.push(core, table)
            }
        });
        table.find(digests, || texts).unwrap_or_else(|| {
            let cell = match core.descriptor.kind {
                // Its value is in the entry.
                MetricKind::Gauge => 0,
                kind => cells.take(1, core.stride(), kind == MetricKind::Histogram),
            };
            table.add(core, digests, texts, Home { store: self, at: self.origin() + cell as u64 })
        })
    }

    /// Whether it is the process's own.
    #[inline(always)]
    pub(super) fn is_global(&self) -> bool {
        std::ptr::eq(self, &raw const GLOBAL)
    }

    fn lock(&self) -> MutexGuard<'_, Layout> {
        self.series_cells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
