//! The properties of cells, on one thread at a time.
#![allow(unsafe_code, reason = "points a view at a block")]

use super::block::{Block, View, bump, bump_sum};
use super::*;

fn counts(ledger: &Ledger, cells: usize) -> Vec<u64> {
    let mut layout = Layout::empty();
    layout.take(cells, 1, false);
    ledger.read(&layout)
}

#[test]
fn growth_keeps_the_values() {
    let block = Block::zeroed(20);
    assert_eq!(block.len(), 32);
    let view = View::empty();
    // SAFETY: the block outlives the view's use below.
    unsafe { view.point_at(&block) };
    bump(view.get(19).unwrap(), 7);
    let larger = block.grown(100);
    assert_eq!((larger.len(), larger.values().nth(19), larger.values().sum()), (112, Some(7), 7_u64));
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
    assert_eq!(block.values().nth(15), Some(1.5_f64.to_bits()));
    view.clear();
    assert!(!view.reaches(0));
}

#[test]
fn blocks_start_on_lines_of_their_own() {
    let block = Block::zeroed(1);
    let view = View::empty();
    // SAFETY: the block outlives the view's use below.
    unsafe { view.point_at(&block) };
    assert_eq!(std::ptr::from_ref(view.get(0).unwrap()).addr() % 128, 0);
}

#[test]
fn series_with_a_sum_begin_on_a_line() {
    let mut layout = Layout::empty();
    assert_eq!(layout.take(3, 1, false), 0);
    assert_eq!(layout.take(2, 8, true), 8);
    assert_eq!(layout.take(1, 16, true), 24);
    assert_eq!(layout.take(1, 1, false), 40);
    assert_eq!(layout.len(), 41);
}

#[test]
fn sums_add_up_as_numbers_and_counts_as_integers() {
    let mut layout = Layout::empty();
    let counts = layout.take(2, 1, false);
    let sums = layout.take(2, 8, true);
    let ledger = Ledger::new();
    let owners = [Owner::new(), Owner::new()];
    for owner in &owners {
        owner.change(&ledger, counts + 1, Change::Count(3), true);
        owner.change(&ledger, sums + 8, Change::Sum(1.25), true);
        owner.change(&ledger, sums + 9, Change::Count(1), true);
    }
    let read = |what| {
        let totals = ledger.read(&layout);
        assert_eq!(
            (totals[counts + 1], f64::from_bits(totals[sums + 8]).to_bits(), totals[sums + 9]),
            (6, 2.5_f64.to_bits(), 2),
            "{what}"
        );
    };
    read("two blocks");
    owners[0].leave(&ledger, &layout);
    read("one of them folded");
    owners[1].leave(&ledger, &layout);
    read("both of them folded");
    assert_eq!(ledger.size(), (0, 0));
}

#[test]
fn a_thread_that_can_own_nothing_changes_the_totals() {
    let ledger = Ledger::new();
    let owner = Owner::new();
    owner.change(&ledger, 3, Change::Count(2), false);
    owner.change(&ledger, 3, Change::Count(2), false);
    assert_eq!(counts(&ledger, 4), [0, 0, 0, 4]);
    assert_eq!(ledger.size(), (0, 0));
}

#[test]
fn a_block_is_as_large_as_the_cells_in_use_rounded_up() {
    let ledger = Ledger::new();
    let owner = Owner::new();
    owner.change(&ledger, 0, Change::Count(1), true);
    assert_eq!(ledger.size(), (1, Ledger::FIRST_CELLS));
    owner.change(&ledger, 1_000, Change::Count(1), true);
    assert_eq!(ledger.size(), (1, 1_024));
    owner.count(0, 1, || panic!("the block reaches its first cell"));
    owner.leave(&ledger, &Layout::empty());
    assert_eq!(ledger.size(), (0, 0));
    // It may come back.
    owner.change(&ledger, 0, Change::Count(1), true);
    assert_eq!(ledger.size(), (1, Ledger::FIRST_CELLS));
}
