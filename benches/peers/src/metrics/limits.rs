//! The limits: a load and a store into a cell that one thread owns, found as each case says.

use std::hint::black_box;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::contestants::{Counted, Instrument, gauge};
use super::{METHOD, ROUTE, limits_table as table};
use crate::measure::{Contestant, Role};
use crate::pair::side;
use crate::work::BUCKETS;

/// What the limits are called in the table.
pub(super) const NAME: &str = "own cell";

/// Cells of one thread, on cache lines of their own.
#[repr(align(128))]
struct Cells<const N: usize>([AtomicU64; N]);

impl<const N: usize> Cells<N> {
    const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; N])
    }

    /// Adds without a locked instruction: nobody else writes.
    #[inline(always)]
    fn add(&self, cell: usize, amount: u64) {
        let cell = &self.0[cell];
        cell.store(cell.load(Ordering::Relaxed) + amount, Ordering::Relaxed);
    }

    #[inline(always)]
    fn add_float(&self, cell: usize, amount: f64) {
        let cell = &self.0[cell];
        let sum = f64::from_bits(cell.load(Ordering::Relaxed)) + amount;
        cell.store(sum.to_bits(), Ordering::Relaxed);
    }
}

fn total<const N: usize>(both: &[Cells<N>], cells: usize) -> u64 {
    both.iter().flat_map(|cells_of| &cells_of.0[..cells]).map(|cell| cell.load(Ordering::Relaxed)).sum()
}

/// One cell for each thread. In several forms, of which the fastest is the limit: a processor forwards a store to the
/// next load sooner or later as what stands between them pleases it, and the shortest loop is not the fastest.
pub(super) fn counters() -> Vec<Instrument> {
    static SWITCH: AtomicBool = AtomicBool::new(true);
    static ONE: [Cells<1>; 2] = [const { Cells::new() }; 2];
    static OTHER: [Cells<1>; 2] = [const { Cells::new() }; 2];
    static THIRD: [Cells<1>; 2] = [const { Cells::new() }; 2];
    let kept = black_box(&THIRD);
    vec![
        Instrument::counter(NAME, Role::Limit, || ONE[side()].add(0, 1), || total(&ONE, 1)),
        Instrument::counter(
            "own cell behind a switch",
            Role::Limit,
            || {
                if SWITCH.load(Ordering::Relaxed) {
                    OTHER[side()].add(0, 1);
                }
            },
            || total(&OTHER, 1),
        ),
        Instrument::counter(
            "own cell by reference",
            Role::Limit,
            move || kept[side()].add(0, 1),
            || total(&THIRD, 1),
        ),
    ]
}

/// A cell found by two small numbers.
pub(super) fn enum_labels() -> Instrument {
    const STATUSES: usize = 3;
    const CELLS_OF_ALL: usize = 4 * STATUSES;
    static CELLS: [Cells<CELLS_OF_ALL>; 2] = [const { Cells::new() }; 2];
    Instrument::counter(
        NAME,
        Role::Limit,
        || CELLS[side()].add(black_box(1) * STATUSES + black_box(2), 1),
        || total(&CELLS, CELLS_OF_ALL),
    )
}

/// A cell found by two texts: they are hashed eight bytes at a time, and compared with those of the place they lead to.
pub(super) fn string_labels() -> Instrument {
    const PLACES: usize = 64;
    struct Series {
        labels: [String; 2],
        cells: [Cells<1>; 2],
    }
    static TABLE: LazyLock<Vec<Option<Series>>> = LazyLock::new(|| {
        let mut table: Vec<_> = (0..PLACES).map(|_| None).collect();
        let labels = [METHOD.to_owned(), ROUTE.to_owned()];
        table[hash(METHOD, ROUTE) as usize % PLACES] =
            Some(Series { labels, cells: [const { Cells::new() }; 2] });
        table
    });
    let table = TABLE.as_slice();
    Instrument::counter(
        NAME,
        Role::Limit,
        move || {
            let (method, route) = (black_box(METHOD), black_box(ROUTE));
            if let Some(series) = &table[hash(method, route) as usize % PLACES]
                && series.labels[0] == method
                && series.labels[1] == route
            {
                series.cells[side()].add(0, 1);
            }
        },
        move || table.iter().flatten().map(|series| total(&series.cells, 1)).sum(),
    )
}

/// A plain store.
pub(super) fn gauge_set() -> Contestant {
    static SLOT: AtomicU64 = AtomicU64::new(0);
    gauge(
        NAME,
        Role::Limit,
        |value: f64| SLOT.store(value.to_bits(), Ordering::Relaxed),
        || f64::from_bits(SLOT.load(Ordering::Relaxed)),
    )
}

/// A bucket found by a table on the top bits of the value and one comparison; its cell, and that of the sum.
pub(super) fn histogram() -> Instrument {
    const SUM: usize = BUCKETS.len() + 1;
    static CELLS: [Cells<{ SUM + 1 }>; 2] = [const { Cells::new() }; 2];
    Instrument::histogram(
        NAME,
        Role::Limit,
        |value| {
            let cells = &CELLS[side()];
            cells.add(table::bucket_of(value), 1);
            cells.add_float(SUM, value);
        },
        || {
            let sums = CELLS.iter().map(|cells| f64::from_bits(cells.0[SUM].load(Ordering::Relaxed)));
            Counted::observed(total(&CELLS, SUM), sums.sum())
        },
    )
}

#[inline(always)]
fn hash(method: &str, route: &str) -> u64 {
    let mut hash = 0;
    for text in [method.as_bytes(), route.as_bytes()] {
        let (words, rest) = text.as_chunks::<8>();
        for word in words {
            hash = mix(hash, u64::from_le_bytes(*word));
        }
        hash = mix(hash, rest.iter().fold(rest.len() as u64, |word, byte| word << 8 | u64::from(*byte)));
    }
    hash >> 32
}

#[inline(always)]
const fn mix(hash: u64, word: u64) -> u64 {
    (hash.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
