//! The properties of instruments, each test in a store of its own.
#![allow(unsafe_code, reason = "linkme's link sections; seen from other crates they raise no lint")]

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::Duration;

use super::collect::SeriesOverflow;
use super::labels::Label;
use super::local::switch;
use super::sampler::{SamplerReport, register_sampler};
use super::snapshot::{MetricFamily, MetricSeries, MetricValue};
use super::store::MetricStore;

#[derive(Clone, Copy, telemetry_macros::Label)]
#[label(crate = crate)]
enum Outcome {
    Hit,
    Miss,
    #[label(rename = "gave-up")]
    GaveUp,
}

#[derive(Clone, Copy)]
struct Digit(usize);

impl Label for Digit {
    const VALUES: &'static [&'static str] = &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    fn index(&self) -> usize {
        self.0
    }
}

telemetry_macros::metric! {
    crate = crate;

    /// Things counted.
    static THINGS: Counter = "test_things_total";

    /// Look-ups by outcome.
    static LOOKUPS: Counter = "test_lookups_total" { outcome: Outcome, cached: bool };

    /// Hundred series found by index.
    static HUNDRED: Counter = "test_hundred_total" { tens: Digit, ones: Digit };

    /// Free text.
    static HITS: Counter = "test_hits_total" { backend: str, outcome: Outcome }, limit = 3;

    /// Indices beyond the limit.
    static NARROW: Counter = "test_narrow_total" { tens: Digit, ones: Digit }, limit = 50;

    /// A level.
    static LEVEL: Gauge = "test_level";

    /// Hundred levels.
    static LEVELS: Gauge = "test_levels" { tens: Digit, ones: Digit };

    /// Levels by text.
    static NAMED_LEVELS: Gauge = "test_named_levels" { name: str };

    /// Time taken.
    static TIME: Histogram = "test_time_seconds";

    /// Sizes.
    static SIZES: Histogram = "test_size_bytes" { outcome: Outcome }, buckets = [1, 10, 100];

    /// Sizes by text.
    static NAMED_SIZES: Histogram = "test_named_size_bytes" { name: str }, buckets = [1.5];

    /// Declared first.
    static FIRST: Histogram = "test_clash";

    /// What the first one exposes already.
    static SECOND: Gauge = "test_clash_sum";
}

/// A store of the test's own, which its thread writes to until the end of the test.
struct Scope {
    store: &'static MetricStore,
    previous: &'static MetricStore,
}

impl Scope {
    fn new() -> Self {
        let store = MetricStore::leak();
        Self { store, previous: switch(store) }
    }

    fn spawn<R: Send + 'static>(&self, work: impl FnOnce() -> R + Send + 'static) -> thread::JoinHandle<R> {
        let store = self.store;
        thread::spawn(move || {
            switch(store);
            work()
        })
    }

    fn family(&self, name: &str) -> MetricFamily {
        let snapshot = self.store.snapshot(2, 1, |_| {});
        let family = snapshot.families.iter().find(|family| family.name == name);
        family.unwrap_or_else(|| panic!("{name} is missing")).clone()
    }

    /// The series as `label=value,label=value total` lines.
    fn counts(&self, name: &str) -> Vec<String> {
        self.family(name).series.iter().map(line).collect()
    }

    fn count(&self, name: &str) -> u64 {
        match self.family(name).series[0].value {
            MetricValue::Counter(count) => count,
            ref other => panic!("{other:?}"),
        }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        switch(self.previous);
        self.store.close();
    }
}

fn join(threads: Vec<thread::JoinHandle<()>>) {
    for thread in threads {
        thread.join().unwrap();
    }
}

fn line(series: &MetricSeries) -> String {
    let labels: Vec<_> = series.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let value = match &series.value {
        MetricValue::Counter(count) => count.to_string(),
        MetricValue::Gauge(value) => value.to_string(),
        MetricValue::Histogram { counts, sum, .. } => format!("{counts:?} {sum}"),
    };
    format!("{} {value}", labels.join(",")).trim().to_owned()
}

#[test]
fn everything_shows_at_zero_before_its_first_use() {
    let scope = Scope::new();
    assert_eq!(scope.counts("test_things_total"), ["0"]);
    assert_eq!(scope.counts("test_lookups_total").len(), 6);
    assert_eq!(scope.counts("test_lookups_total")[5], "outcome=gave-up,cached=true 0");
    assert_eq!(scope.counts("test_hundred_total"), [""; 0]);
    assert_eq!(scope.counts("test_level"), ["0"]);
    assert_eq!(scope.counts("test_size_bytes")[0], "outcome=hit [0, 0, 0, 0] 0");
    let family = scope.family("test_size_bytes");
    assert_eq!(
        (&*family.help, family.unit.as_deref(), &*family.crate_name),
        ("Sizes.", Some("bytes"), "telemetry-core")
    );
}

#[test]
fn families_are_sorted_by_name_those_of_the_caller_included() {
    let scope = Scope::new();
    let snapshot = scope.store.snapshot(7, 3, |families| {
        let name = "aaa".into();
        families.push(MetricFamily { name, ..families[0].clone() });
    });
    assert_eq!((snapshot.time_unix_nanos, snapshot.start_unix_nanos), (7, 3));
    assert_eq!(snapshot.families[0].name, "aaa");
    assert!(snapshot.families.is_sorted_by_key(|family| family.name.clone()));
}

#[test]
fn labels_count_by_index_and_by_name() {
    let scope = Scope::new();
    LOOKUPS.with((Outcome::Miss, true)).inc();
    LOOKUPS.with(LookupsLabels { cached: true, outcome: Outcome::Miss }).add(2);
    let kept = LOOKUPS.series((Outcome::Hit, false));
    kept.inc();
    HUNDRED.with((Digit(9), Digit(8))).inc();
    HUNDRED.with((Digit(9), Digit(77))).inc();
    let lookups = scope.counts("test_lookups_total");
    assert_eq!(lookups[3], "outcome=miss,cached=true 3");
    assert_eq!(lookups[0], "outcome=hit,cached=false 1");
    assert_eq!(scope.counts("test_hundred_total"), ["tens=9,ones=8 1", "tens=9,ones=9 1"]);
}

#[test]
fn gauges_set_and_add() {
    let scope = Scope::new();
    LEVEL.set(2.5);
    LEVEL.inc();
    LEVEL.dec();
    LEVEL.add(-4.0);
    LEVELS.with((Digit(1), Digit(2))).set(0.0);
    NAMED_LEVELS.with("a").inc();
    NAMED_LEVELS.series("a").add(2.0);
    assert_eq!(scope.counts("test_level"), ["-1.5"]);
    // Set to zero is used; never set is not.
    assert_eq!(scope.counts("test_levels"), ["tens=1,ones=2 0"]);
    assert_eq!(scope.counts("test_named_levels"), ["name=a 3"]);
}

#[test]
fn gauges_beyond_the_first_chunk_have_slots_of_their_own() {
    let scope = Scope::new();
    for index in [0, 255, 256, 511, 512, 1_023, 1_024, 100_000] {
        let slot = scope.store.gauge(index).unwrap();
        assert_eq!(slot.swap(1, Ordering::Relaxed), 0, "{index}");
    }
    assert!(scope.store.gauge(usize::MAX / 2).is_none());
}

#[test]
fn histograms_count_in_buckets_and_sum() {
    let scope = Scope::new();
    for value in [1.0, 1.5, 100.0, 1e9, f64::NAN, f64::INFINITY] {
        SIZES.with(Outcome::Miss).observe(value);
    }
    NAMED_SIZES.with("x").observe(1.0);
    NAMED_SIZES.series("x").observe_duration(Duration::from_secs(2));
    assert_eq!(scope.counts("test_size_bytes")[1], "outcome=miss [1, 1, 1, 1] 1000000102.5");
    assert_eq!(scope.counts("test_named_size_bytes"), ["name=x [1, 1] 3"]);
    assert_eq!(scope.counts("telemetry_metric_refused_total"), ["2"]);
}

#[test]
fn a_timer_observes_once_unless_discarded() {
    let scope = Scope::new();
    drop(TIME.start_timer());
    let stopped = TIME.start_timer().stop();
    TIME.start_timer().discard();
    let MetricValue::Histogram { counts, sum, .. } = &scope.family("test_time_seconds").series[0].value
    else {
        panic!("not a histogram")
    };
    assert_eq!(counts.iter().sum::<u64>(), 2);
    assert!(*sum >= stopped.as_secs_f64());
}

#[test]
fn label_sets_beyond_the_limit_share_one_series() {
    let scope = Scope::new();
    for (backend, times) in [("a", 1), ("b", 2), ("c", 3), ("d", 4), ("e", 5), ("a", 10)] {
        for _ in 0..times {
            HITS.with((backend, Outcome::Hit)).inc();
        }
    }
    assert_eq!(
        scope.counts("test_hits_total"),
        [
            "backend=a,outcome=hit 11",
            "backend=b,outcome=hit 2",
            "backend=c,outcome=hit 3",
            "backend=_other,outcome=_other,otel_metric_overflow=true 9",
        ]
    );
    assert_eq!(scope.counts("telemetry_metric_overflow_total"), ["instrument=test_hits_total 9"]);
    let warning = SeriesOverflow { name: "test_hits_total", limit: 3 };
    assert_eq!(scope.store.take_overflow_warnings(), [warning]);
    assert_eq!(scope.store.take_overflow_warnings(), []);
}

#[test]
fn enumerated_labels_beyond_the_limit_are_found_by_hash() {
    let scope = Scope::new();
    (0..10).for_each(|tens| (0..10).for_each(|ones| NARROW.with((Digit(tens), Digit(ones))).inc()));
    let counts = scope.counts("test_narrow_total");
    assert_eq!(counts.len(), 51);
    assert_eq!(counts[0], "tens=0,ones=0 1");
    assert_eq!(counts[50], "tens=_other,ones=_other,otel_metric_overflow=true 50");
}

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
fn a_disabled_store_counts_nothing_and_keeps_its_values() {
    let scope = Scope::new();
    let update = || {
        THINGS.inc();
        LEVEL.set(1.0);
        TIME.observe(1.0);
        HITS.with(("a", Outcome::Hit)).inc();
        NAMED_LEVELS.with("a").set(1.0);
        NAMED_SIZES.with("a").observe(f64::NAN);
    };
    scope.store.disable();
    update();
    assert_eq!(scope.counts("test_things_total"), ["0"]);
    assert_eq!(scope.counts("telemetry_metric_refused_total"), ["0"]);
    scope.store.enable();
    update();
    scope.store.disable();
    update();
    assert_eq!(scope.counts("test_things_total"), ["1"]);
    assert_eq!(scope.counts("test_level"), ["1"]);
    assert_eq!(scope.counts("test_hits_total"), ["backend=a,outcome=hit 1"]);
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
                        MetricValue::Histogram { counts, .. } => counts.iter().sum(),
                        MetricValue::Gauge(_) => 0,
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
fn clashes_are_reported_with_both_places_and_the_first_counts() {
    let scope = Scope::new();
    let conflicts = super::check();
    let conflict = conflicts.iter().find(|conflict| conflict.second == "test_clash_sum").unwrap();
    assert_eq!((conflict.exposed.as_str(), conflict.first), ("test_clash_sum", "test_clash"));
    assert!(conflict.first_place.file().ends_with("tests.rs"), "{conflict}");
    assert!(conflict.first_place.line() < conflict.second_place.line(), "{conflict}");
    SECOND.set(1.0);
    FIRST.observe(1.0);
    let snapshot = scope.store.snapshot(0, 0, |_| {});
    assert!(snapshot.families.iter().all(|family| family.name != "test_clash_sum"));
    assert!(scope.counts("test_clash")[0].ends_with(" 1"));
}

#[test]
fn a_sampler_runs_in_its_store_until_its_guard_drops() {
    let scope = Scope::new();
    let guard = register_sampler("level", || LEVEL.add(1.0)).unwrap();
    let taken = register_sampler("level", || {}).unwrap_err();
    assert!(taken.to_string().contains("`level`"), "{taken}");
    let store = scope.store;
    // The drain's thread writes elsewhere of its own accord.
    let run = move || thread::spawn(move || store.run_samplers(Duration::from_secs(1))).join().unwrap();
    assert_eq!(run(), []);
    assert_eq!(run(), []);
    assert_eq!(scope.counts("test_level"), ["2"]);
    assert_eq!(scope.counts("telemetry_sampler_duration_seconds").len(), 1);
    drop(guard);
    assert_eq!(run(), []);
    assert_eq!(scope.counts("test_level"), ["2"]);
}

#[test]
fn a_sampler_that_panics_or_dawdles_is_reported_and_harms_nobody() {
    let scope = Scope::new();
    let _bad = register_sampler("bad", || panic!("no {}", "pool")).unwrap();
    let _slow = register_sampler("slow", || {}).unwrap();
    let _good = register_sampler("good", || LEVEL.add(1.0)).unwrap();
    let reports = scope.store.run_samplers(Duration::from_secs(3600));
    assert_eq!(reports, [SamplerReport::Panicked { name: "bad".into(), message: "no pool".into() }]);
    // With an interval of nothing everything takes too long.
    let reports = scope.store.run_samplers(Duration::ZERO);
    let slow = |report: &SamplerReport| matches!(report, SamplerReport::Slow { name, .. } if name == "slow");
    assert!(reports.iter().any(slow), "{reports:?}");
    assert_eq!(scope.counts("test_level"), ["2"]);
    assert_eq!(scope.counts("telemetry_sampler_panics_total")[0], "sampler=bad 2");
}

#[test]
fn a_sampler_may_add_and_remove_samplers() {
    let scope = Scope::new();
    let mut added = None;
    let _adder = register_sampler("adder", move || {
        added = match added.take() {
            Some(guard) => {
                drop(guard);
                None
            }
            None => register_sampler("added", || LEVEL.add(1.0)).ok(),
        };
    });
    (0..3).for_each(|_| assert_eq!(scope.store.run_samplers(Duration::from_secs(3600)), []));
    // Added by the first run, run and removed by the second (which had it on its list), added by the third.
    assert_eq!(scope.counts("test_level"), ["1"]);
}

#[test]
fn a_counter_follows_a_total_kept_elsewhere() {
    let scope = Scope::new();
    let total = Arc::new(AtomicU64::new(5));
    let read = |total: &Arc<AtomicU64>| {
        let total = Arc::clone(total);
        move || total.load(Ordering::Relaxed)
    };
    let tick = || {
        assert_eq!(scope.store.run_samplers(Duration::from_secs(3600)), []);
        scope.count("test_things_total")
    };
    let guard = THINGS.follow(read(&total)).unwrap();
    assert!(THINGS.follow(|| 0).is_err());
    assert_eq!((tick(), tick()), (5, 5));
    total.store(9, Ordering::Relaxed);
    assert_eq!(tick(), 9);
    // Fallen: started anew.
    total.store(2, Ordering::Relaxed);
    assert_eq!(tick(), 11);
    drop(guard);
    total.store(3, Ordering::Relaxed);
    assert_eq!(tick(), 11);
    let _again = THINGS.follow(read(&total)).unwrap();
    assert_eq!(tick(), 12);
}
