//! The values of instruments: one store for the process, further ones for pipelines beside it and for tests.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::cells::{Block, Layout};
use super::instrument::Core;
use super::local::Change;
use super::observed::Observers;
use super::registry;
use super::sampler::Samplers;
use super::series::{SeriesEntry, SeriesTable, overflow_texts};
use super::snapshot::MetricKind;

/// The values of every instrument, as one pipeline sees them.
///
/// Memory: 8 bytes for each cell and each live thread that updates instruments here, where a counter series has one
/// cell and a histogram series two more than it has bounds; 8 bytes for each gauge series. A thread's block reaches
/// as far as the instruments it uses, rounded up to a power of two; it is freed, and its values kept in one total,
/// when the thread ends.
#[derive(Debug)]
pub(crate) struct MetricStore {
    /// Whether updates count. Written under the registry's mutex; read on slow paths.
    enabled: AtomicBool,
    /// The tables of string series, chained, newest last. Not used by the process's own store, whose tables hang on
    /// the instruments.
    tables: TableLink,
    /// Gauges in chunks that never move: `FIRST_GAUGES` slots, then as many, then twice as many each.
    gauges: [OnceLock<Block>; GAUGE_CHUNKS],
    state: Mutex<State>,
    pub(super) samplers: Samplers,
    pub(super) observers: Observers,
    /// Observations refused because they are not finite.
    refused: AtomicU64,
    /// Updates lost because they came from inside the slow path of another one.
    lost: AtomicU64,
}

/// The store of the process.
pub(crate) static GLOBAL: MetricStore = MetricStore::new(false);

/// Stores made by [`MetricStore::leak`], so that leak checkers find them.
static LEAKED: Mutex<Vec<&'static MetricStore>> = Mutex::new(Vec::new());

const FIRST_GAUGES: usize = 256;
const GAUGE_CHUNKS: usize = 20;

type TableLink = OnceLock<&'static TableNode>;

#[derive(Debug)]
struct TableNode {
    core: &'static Core,
    table: SeriesTable,
    next: TableLink,
}

/// Which of a thread's two blocks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Space {
    /// Series found by index; the indices mean the same in every store.
    Fixed,
    /// Series found by text; the indices belong to one store.
    Series,
}

/// What is guarded by the store's mutex.
#[derive(Debug)]
pub(super) struct State {
    threads: BTreeMap<u64, ThreadBlocks>,
    last_key: u64,
    retired: ThreadTotals,
    series_cells: Layout,
}

#[derive(Debug, Default)]
struct ThreadBlocks {
    fixed: Block,
    series: Block,
}

#[derive(Debug)]
struct ThreadTotals {
    fixed: Vec<u64>,
    series: Vec<u64>,
}

impl MetricStore {
    const fn new(enabled: bool) -> Self {
        Self {
            enabled: AtomicBool::new(enabled),
            tables: OnceLock::new(),
            gauges: [const { OnceLock::new() }; GAUGE_CHUNKS],
            state: Mutex::new(State {
                threads: BTreeMap::new(),
                last_key: 0,
                retired: ThreadTotals { fixed: Vec::new(), series: Vec::new() },
                series_cells: Layout::empty(),
            }),
            samplers: Samplers::new(),
            observers: Observers::new(),
            refused: AtomicU64::new(0),
            lost: AtomicU64::new(0),
        }
    }

    /// Makes an enabled store that lives as long as the process; about 1 KiB, and 2 KiB more once it has a gauge.
    ///
    /// Never reused: a thread that outlives a test may go on writing to the test's store.
    pub(crate) fn leak() -> &'static Self {
        let store: &'static Self = Box::leak(Box::new(Self::new(true)));
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

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // Threads.

    /// Makes the block of a thread reach `index`, hands it to `point`, and gives back the thread's key. A thread
    /// without blocks brings the key 0.
    pub(super) fn grow(&self, key: u64, space: Space, index: usize, point: impl FnOnce(&Block)) -> u64 {
        const FIRST_CELLS: usize = 64;
        let mut state = self.lock();
        let key = if key == 0 {
            state.last_key += 1;
            state.last_key
        } else {
            key
        };
        let blocks = state.threads.entry(key).or_default();
        let block = match space {
            Space::Fixed => &mut blocks.fixed,
            Space::Series => &mut blocks.series,
        };
        if block.len() <= index {
            *block = block.grown((index + 1).next_power_of_two().max(FIRST_CELLS));
        }
        point(block);
        key
    }

    /// Adds the cells of a thread to the retired totals and frees them.
    ///
    /// Readers hold the same mutex, so they see the values once, here or there.
    pub(super) fn fold(&self, key: u64) {
        let mut state = self.lock();
        if let Some(blocks) = state.threads.remove(&key) {
            let state = &mut *state;
            registry::with_layout(|layout| merge_block(&mut state.retired.fixed, &blocks.fixed, layout));
            merge_block(&mut state.retired.series, &blocks.series, &state.series_cells);
        }
    }

    /// Applies a change to the retired totals: for a thread that owns no cells any more.
    pub(super) fn retire(&self, space: Space, index: usize, change: Change) {
        let mut state = self.lock();
        let totals = match space {
            Space::Fixed => &mut state.retired.fixed,
            Space::Series => &mut state.retired.series,
        };
        let total = reach(totals, index);
        *total = match change {
            Change::Count(amount) => total.wrapping_add(amount),
            Change::Sum(amount) => (f64::from_bits(*total) + amount).to_bits(),
        };
    }

    // Gauges.

    /// The gauges a thread reaches without asking the store.
    pub(super) fn first_gauges(&self) -> &Block {
        self.gauges[0].get_or_init(|| Block::zeroed(FIRST_GAUGES))
    }

    /// The slot of a gauge; nothing beyond what a store can hold (134 million).
    pub(super) fn gauge(&self, index: usize) -> Option<&AtomicU64> {
        let (chunk, first) = match index / FIRST_GAUGES {
            0 => (0, 0),
            multiple => (multiple.ilog2() as usize + 1, FIRST_GAUGES << multiple.ilog2()),
        };
        let size = if chunk == 0 { FIRST_GAUGES } else { first };
        self.gauges.get(chunk)?.get_or_init(|| Block::zeroed(size)).get(index - first)
    }

    // Series found by text.

    /// The table of an instrument's string series, once it has one.
    #[inline]
    pub(super) fn series_table(&'static self, core: &'static Core) -> Option<&'static SeriesTable> {
        if std::ptr::eq(self, &raw const GLOBAL) {
            return core.global_series.get().copied();
        }
        let mut link = &self.tables;
        while let Some(node) = link.get() {
            if std::ptr::eq(node.core, core) {
                return Some(&node.table);
            }
            link = &node.next;
        }
        None
    }

    /// The series of a label set, added if it is new.
    pub(super) fn add_series(
        &'static self,
        core: &'static Core,
        hash: u64,
        texts: &[&str],
    ) -> &'static SeriesEntry {
        let mut state = self.lock();
        let table = self.series_table(core).unwrap_or_else(|| self.add_table(core));
        if let Some(entry) = table.find(hash, texts) {
            return entry;
        }
        let histogram = core.descriptor.kind == MetricKind::Histogram;
        let base = state.series_cells.take(1, core.stride(), histogram);
        if table.is_full() {
            let entry = SeriesEntry::new(self, hash, &overflow_texts(core), base, true);
            return table.set_overflow(Box::leak(Box::new(entry)));
        }
        let entry = Box::leak(Box::new(SeriesEntry::new(self, hash, texts, base, false)));
        table.insert(entry);
        entry
    }

    /// Called under the mutex, so no table is made twice.
    fn add_table(&'static self, core: &'static Core) -> &'static SeriesTable {
        let table = SeriesTable::new(core.descriptor.limit);
        let node: &'static TableNode = Box::leak(Box::new(TableNode { core, table, next: OnceLock::new() }));
        if std::ptr::eq(self, &raw const GLOBAL) {
            return core.global_series.get_or_init(|| &node.table);
        }
        let mut link = &self.tables;
        while let Some(last) = link.get() {
            link = &last.next;
        }
        let _ = link.set(node);
        &node.table
    }
}

impl State {
    /// The sum of a count over all threads, past and present.
    pub(super) fn count(&self, space: Space, index: usize) -> u64 {
        self.bits(space, index).fold(0, u64::wrapping_add)
    }

    /// The sum of a sum over all threads, past and present.
    pub(super) fn sum(&self, space: Space, index: usize) -> f64 {
        // Not `Sum`, whose neutral element is -0.
        self.bits(space, index).map(f64::from_bits).fold(0.0, |sum, bits| sum + bits)
    }

    fn bits(&self, space: Space, index: usize) -> impl Iterator<Item = u64> {
        let retired = match space {
            Space::Fixed => &self.retired.fixed,
            Space::Series => &self.retired.series,
        };
        let live = self.threads.values().map(move |blocks| match space {
            Space::Fixed => blocks.fixed.read(index),
            Space::Series => blocks.series.read(index),
        });
        live.chain(retired.get(index).copied())
    }
}

fn merge_block(totals: &mut Vec<u64>, block: &Block, layout: &Layout) {
    for index in 0..block.len().min(layout.len()) {
        let bits = block.read(index);
        if bits != 0 {
            let total = reach(totals, index);
            *total = layout.merge(index, *total, bits);
        }
    }
}

fn reach(totals: &mut Vec<u64>, index: usize) -> &mut u64 {
    if totals.len() <= index {
        totals.resize(index + 1, 0);
    }
    &mut totals[index]
}
