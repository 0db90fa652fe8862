//! Models of the cells under every interleaving loom finds: nothing is counted twice or not at all, and no read of a
//! count is lower than an earlier one. Two writers of one cell would lose an update, its load and store being apart.
//!
//! Run by `RUSTFLAGS="--cfg loom" cargo test -p telemetry-core --lib --release loom_tests`.

use loom::sync::Arc;
use loom::thread;

use super::*;

/// A count in the first block, and one that makes it grow.
const NEAR: usize = 0;
const FAR: usize = 3;
/// A histogram's series: its sum, and a bucket.
const SUM: usize = 8;
const BUCKET: usize = SUM + 1;

fn layout() -> Layout {
    let mut layout = Layout::empty();
    layout.take(FAR + 1, 1, false);
    layout
}

fn layout_with_histogram() -> Layout {
    let mut layout = layout();
    assert_eq!(layout.take(1, 2, true), SUM);
    layout
}

/// An update as the hot path makes it, and the slow one behind it.
fn update(owner: &Owner, ledger: &Ledger, index: usize) {
    owner.count(index, 1, || owner.change(ledger, index, Change::Count(1), true));
}

fn read(ledger: &Ledger) -> (u64, u64) {
    let totals = ledger.read(&layout());
    (totals[NEAR], totals[FAR])
}

/// Reads twice, and checks that nothing fell.
fn watch(ledger: &Ledger) {
    let first = read(ledger);
    let second = read(ledger);
    assert!(first.0 <= second.0 && first.1 <= second.1, "{second:?} after {first:?}");
}

/// Every interleaving, or those with up to so many preemptions where all would take minutes.
fn model(preemptions: Option<usize>, check: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = preemptions;
    builder.check(check);
}

fn spawn(ledger: &Arc<Ledger>, work: impl FnOnce(&Ledger) + 'static) -> thread::JoinHandle<()> {
    let ledger = Arc::clone(ledger);
    thread::spawn(move || work(&ledger))
}

/// An observation, likewise.
fn observe(owner: &Owner, ledger: &Ledger, value: f64) {
    owner.observe(SUM, BUCKET - SUM, value, || {
        owner.change(ledger, BUCKET, Change::Count(1), true);
        owner.change(ledger, SUM, Change::Sum(value), true);
    });
}

#[test]
fn two_threads_that_come_update_and_end_are_counted_once() {
    model(Some(5), || {
        let ledger = Arc::new(Ledger::new());
        let threads = [(); 2].map(|()| {
            spawn(&ledger, |ledger| {
                let owner = Owner::new();
                update(&owner, ledger, NEAR);
                update(&owner, ledger, NEAR);
                owner.leave(ledger, &layout());
            })
        });
        watch(&ledger);
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(read(&ledger), (4, 0));
    });
}

#[test]
fn a_block_that_grows_under_a_reader_loses_nothing() {
    model(None, || {
        let ledger = Arc::new(Ledger::new());
        let thread = spawn(&ledger, |ledger| {
            let owner = Owner::new();
            update(&owner, ledger, NEAR);
            update(&owner, ledger, FAR);
            update(&owner, ledger, NEAR);
            owner.leave(ledger, &layout());
        });
        watch(&ledger);
        thread.join().unwrap();
        assert_eq!(read(&ledger), (2, 1));
    });
}

#[test]
fn updates_after_the_end_of_the_thread_count_too() {
    model(None, || {
        let ledger = Arc::new(Ledger::new());
        let ending = spawn(&ledger, |ledger| {
            let owner = Owner::new();
            update(&owner, ledger, NEAR);
            owner.leave(ledger, &layout());
            owner.change(ledger, NEAR, Change::Count(1), false);
        });
        let other = spawn(&ledger, |ledger| {
            let owner = Owner::new();
            update(&owner, ledger, NEAR);
            owner.leave(ledger, &layout());
        });
        watch(&ledger);
        ending.join().unwrap();
        other.join().unwrap();
        assert_eq!(read(&ledger), (3, 0));
    });
}

#[test]
fn two_readers_one_after_the_other_agree_on_the_order() {
    model(None, || {
        let ledger = Arc::new(Ledger::new());
        let writer = spawn(&ledger, |ledger| {
            let owner = Owner::new();
            update(&owner, ledger, NEAR);
            update(&owner, ledger, NEAR);
            owner.leave(ledger, &layout());
        });
        let early = {
            let ledger = Arc::clone(&ledger);
            thread::spawn(move || read(&ledger))
        };
        let early = early.join().unwrap();
        let late = read(&ledger);
        assert!(early.0 <= late.0, "{late:?} after {early:?}");
        writer.join().unwrap();
        assert_eq!(read(&ledger), (2, 0));
    });
}

#[test]
fn a_thread_that_leaves_and_comes_back_is_counted_once() {
    model(None, || {
        let ledger = Arc::new(Ledger::new());
        let thread = spawn(&ledger, |ledger| {
            let owner = Owner::new();
            for _ in 0..2 {
                update(&owner, ledger, NEAR);
                owner.leave(ledger, &layout());
            }
        });
        watch(&ledger);
        thread.join().unwrap();
        assert_eq!(read(&ledger), (2, 0));
    });
}

#[test]
fn observations_of_two_threads_add_up() {
    model(None, || {
        let ledger = Arc::new(Ledger::new());
        let thread = spawn(&ledger, |ledger| {
            let owner = Owner::new();
            observe(&owner, ledger, 0.5);
            observe(&owner, ledger, 0.25);
            owner.leave(ledger, &layout_with_histogram());
        });
        let owner = Owner::new();
        observe(&owner, &ledger, 2.0);
        let count = || ledger.read(&layout_with_histogram())[BUCKET];
        let first = count();
        let second = count();
        assert!(first <= second && first >= 1, "{second} after {first}");
        thread.join().unwrap();
        owner.leave(&ledger, &layout_with_histogram());
        let totals = ledger.read(&layout_with_histogram());
        assert_eq!((totals[BUCKET], f64::from_bits(totals[SUM]).to_bits()), (3, 2.75_f64.to_bits()));
    });
}
