//! Threads that come and go, scopes, and threads in odd states.

use super::*;
use crate::metric::cells::{Layout, Ledger};
use crate::metric::registry;

#[test]
fn scopes_see_their_own_updates_only() {
    let outer = Scope::new();
    THINGS.inc();
    let kept = HITS.series((&String::from("x"), Outcome::Hit));
    kept.inc();
    {
        let inner = Scope::new();
        THINGS.add(10);
        kept.add(20);
        assert_eq!(inner.counts("test_things_total"), ["10"]);
        assert_eq!(inner.counts("test_hits_total"), ["backend=x,outcome=hit 20"]);
    }
    THINGS.inc();
    kept.inc();
    assert_eq!(outer.counts("test_things_total"), ["2"]);
    assert_eq!(outer.counts("test_hits_total"), ["backend=x,outcome=hit 2"]);
}

#[test]
fn eight_threads_that_come_and_go_are_summed_exactly_and_never_fall() {
    const THREADS: u64 = 8;
    const ROUNDS: u64 = 40;
    const UPDATES: u64 = 500;
    let scope = Scope::new();
    let done = Arc::new(AtomicBool::new(false));
    let reader = {
        let (store, done) = (scope.store, Arc::clone(&done));
        thread::spawn(move || {
            let mut last = (0, 0);
            while !done.load(Ordering::Relaxed) {
                let snapshot = store.snapshot(0, 0, |_| {});
                let total = |name: &str| {
                    let family = snapshot.families.iter().find(|family| family.name == name).unwrap();
                    let counts = family.series.iter().map(|series| match &series.value {
                        MetricValue::Counter(count) => *count,
                        value => value.observed().map_or(0, |(count, _)| count),
                    });
                    counts.sum::<u64>()
                };
                let now = (total("test_things_total"), total("test_size_bytes"));
                assert!(now.0 >= last.0 && now.1 >= last.1, "{now:?} after {last:?}");
                last = now;
            }
        })
    };
    for _ in 0..ROUNDS {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn(move || {
                    for update in 0..UPDATES {
                        THINGS.inc();
                        SIZES.with(Outcome::Miss).observe((update % 4) as f64);
                        HITS.with((["a", "b"][thread as usize % 2], Outcome::Hit)).inc();
                    }
                })
            })
            .collect();
        join(threads);
    }
    done.store(true, Ordering::Relaxed);
    reader.join().unwrap();
    let total = THREADS * ROUNDS * UPDATES;
    assert_eq!(scope.count("test_things_total"), total);
    // A quarter each of 0, 1, 2 and 3.
    let sum = total / 4 * 6;
    assert_eq!(
        scope.counts("test_size_bytes")[1],
        format!("outcome=miss [{}, {}, 0, 0] {sum}", total / 2, total / 2)
    );
    let hits: Vec<_> = scope.counts("test_hits_total");
    assert!(hits.contains(&format!("backend=a,outcome=hit {}", total / 2)), "{hits:?}");
}

#[test]
fn threads_alive_while_the_block_grows_keep_their_counts() {
    let scope = Scope::new();
    let barrier = Arc::new(Barrier::new(3));
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let barrier = Arc::clone(&barrier);
            scope.spawn(move || {
                THINGS.inc();
                (0..100).for_each(|n| HUNDRED.with((Digit(n / 10), Digit(n % 10))).inc());
                (0..2_000).for_each(|n| NAMED_SIZES.with(&n.to_string()).observe(0.0));
                barrier.wait();
                barrier.wait();
            })
        })
        .collect();
    barrier.wait();
    assert_eq!(scope.count("test_things_total"), 2);
    assert!(scope.counts("test_hundred_total").iter().all(|line| line.ends_with(" 2")));
    assert_eq!(scope.counts("test_named_size_bytes").len(), 1_001);
    assert_eq!(
        scope.counts("test_named_size_bytes")[1_000],
        "name=_other,otel_metric_overflow=true [2000, 0] 0"
    );
    barrier.wait();
    join(threads);
    assert_eq!(scope.count("test_things_total"), 2);
}

#[test]
fn updates_while_a_thread_is_torn_down_are_kept() {
    struct Late(RefCell<Option<mpsc::Sender<()>>>);
    impl Drop for Late {
        fn drop(&mut self) {
            THINGS.inc();
            SIZES.with(Outcome::Hit).observe(2.0);
            LEVEL.add(1.0);
            HITS.with(("late", Outcome::Hit)).inc();
        }
    }
    thread_local! {
        static BEFORE: Late = const { Late(RefCell::new(None)) };
        static AFTER: Late = const { Late(RefCell::new(None)) };
    }
    let scope = Scope::new();
    let thread = scope.spawn(|| {
        // Destructors run in the order of this registration or its reverse: one of the two comes after ours.
        BEFORE.with(|late| drop(late.0.take()));
        THINGS.inc();
        AFTER.with(|late| drop(late.0.take()));
    });
    thread.join().unwrap();
    assert_eq!(scope.count("test_things_total"), 3);
    assert_eq!(scope.counts("test_size_bytes")[0], "outcome=hit [0, 2, 0, 0] 4");
    assert_eq!(scope.counts("test_level"), ["2"]);
    assert_eq!(scope.counts("test_hits_total"), ["backend=late,outcome=hit 2"]);
}

#[test]
fn an_update_from_inside_the_slow_path_is_counted_as_lost() {
    let scope = Scope::new();
    // As an allocator that counts would do it.
    slowly(|_, _| {
        THINGS.inc();
        HITS.with(("a", Outcome::Hit)).inc();
        SIZES.with(Outcome::Hit).observe(1.0);
    });
    THINGS.inc();
    slowly(|_, _| LEVEL.set(1.0));
    assert_eq!(scope.counts("test_things_total"), ["1"]);
    assert_eq!(scope.counts("test_level"), ["0"]);
    assert_eq!(scope.counts("telemetry_metric_lost_total"), ["4"]);
}

/// The cells of a block that reaches `cells`.
fn block(cells: usize) -> usize {
    cells.next_power_of_two().max(Ledger::FIRST_CELLS)
}

#[test]
fn sixty_four_threads_at_once_are_summed_and_take_a_block_each() {
    const THREADS: usize = 64;
    const SERIES: usize = 100;
    const UPDATES: usize = 200;
    let scope = Scope::new();
    let barrier = Arc::new(Barrier::new(THREADS + 1));
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let barrier = Arc::clone(&barrier);
            scope.spawn(move || {
                for update in 0..UPDATES {
                    NAMED_SIZES.with(&*(update % SERIES).to_string()).observe(1.0);
                    SIZES.with(Outcome::Hit).observe(thread as f64);
                }
                barrier.wait();
                barrier.wait();
            })
        })
        .collect();
    barrier.wait();
    // A series has two buckets and a sum, and takes a line of eight cells.
    assert_eq!(scope.store.series.size(), (THREADS, THREADS * block(SERIES * 8)));
    let (blocks, cells) = scope.store.fixed.size();
    assert_eq!(blocks, THREADS);
    // Its place is among those of all tests' instruments; the others reach as far as they may.
    assert!(cells <= THREADS * block(registry::with_layout(Layout::len)));
    barrier.wait();
    join(threads);
    assert_eq!((scope.store.fixed.size(), scope.store.series.size()), ((0, 0), (0, 0)));
    let named = scope.counts("test_named_size_bytes");
    let each = THREADS * UPDATES / SERIES;
    assert_eq!(named.len(), SERIES);
    assert!(named.iter().all(|line| line.ends_with(&format!("[{each}, 0] {each}"))), "{named:?}");
    let sum = THREADS * (THREADS - 1) / 2 * UPDATES;
    assert_eq!(
        scope.counts("test_size_bytes")[0],
        format!("outcome=hit [{}, {}, {}, 0] {sum}", 2 * UPDATES, 9 * UPDATES, 53 * UPDATES)
    );
}

#[test]
fn ten_thousand_short_lived_threads_leave_their_counts_and_no_memory() {
    const THREADS: usize = 10_000;
    const AT_ONCE: usize = 20;
    let scope = Scope::new();
    for _ in 0..THREADS / AT_ONCE {
        let threads: Vec<_> = (0..AT_ONCE)
            .map(|thread| {
                scope.spawn(move || {
                    THINGS.inc();
                    SIZES.with(Outcome::Hit).observe(2.0);
                    HITS.with((["a", "b"][thread % 2], Outcome::Hit)).inc();
                })
            })
            .collect();
        assert!(scope.store.fixed.size().0 <= AT_ONCE && scope.store.series.size().0 <= AT_ONCE);
        join(threads);
        assert_eq!((scope.store.fixed.size(), scope.store.series.size()), ((0, 0), (0, 0)));
    }
    assert_eq!(scope.count("test_things_total"), THREADS as u64);
    assert_eq!(
        scope.counts("test_size_bytes")[0],
        format!("outcome=hit [0, {THREADS}, 0, 0] {}", 2 * THREADS)
    );
    let half = THREADS / 2;
    assert_eq!(
        scope.counts("test_hits_total"),
        [format!("backend=a,outcome=hit {half}"), format!("backend=b,outcome=hit {half}")]
    );
}
