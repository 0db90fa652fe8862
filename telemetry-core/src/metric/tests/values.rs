//! What is counted, and how it shows.

use super::*;
use crate::metric::hash::Digest;
use crate::metric::instrument::OFF;
use crate::metric::series::{Home, SeriesTable};

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
    LOOKUPS.with((Outcome::GaveUp, true)).inc();
    HUNDRED.with((Digit(9), Digit(8))).inc();
    HUNDRED.with((Digit(9), Digit(77))).inc();
    let lookups = scope.counts("test_lookups_total");
    assert_eq!(lookups[3], "outcome=miss,cached=true 3");
    assert_eq!(lookups[0], "outcome=hit,cached=false 1");
    assert_eq!(lookups[5], "outcome=gave-up,cached=true 1");
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
fn what_is_held_is_taken_away_whatever_was_enabled_meanwhile() {
    let scope = Scope::new();
    let held = (LEVEL.hold(), NAMED_LEVELS.with("a").hold(), LEVELS.series((Digit(1), Digit(2))).hold());
    let levels =
        || ["test_level", "test_named_levels", "test_levels"].map(|name| scope.counts(name).concat());
    assert_eq!(levels(), ["1", "name=a 1", "tens=1,ones=2 1"]);
    scope.store.disable();
    let began_disabled = (LEVEL.hold(), NAMED_LEVELS.with("a").hold());
    // Nothing of it counts in the store that its thread writes to by then.
    let elsewhere = Scope::new();
    drop(held);
    assert_eq!(elsewhere.counts("test_level"), ["0"]);
    drop(elsewhere);
    scope.store.enable();
    drop(began_disabled);
    assert_eq!(levels(), ["0", "name=a 0", "tens=1,ones=2 0"]);
}

#[test]
fn gauges_share_no_cache_line() {
    let scope = Scope::new();
    LEVELS.with((Digit(0), Digit(0))).set(1.0);
    let base = crate::metric::registry::base_of(LEVELS.core()).unwrap();
    let line = |index| {
        let slot = scope.store.gauge(LEVELS.core(), base, index).unwrap();
        std::ptr::from_ref(slot).addr() / 64
    };
    assert_eq!((line(1), line(99)), (line(0) + 1, line(0) + 99));
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
            "backend=_other,outcome=_other,otel_metric_overflow=true 9",
            "backend=a,outcome=hit 11",
            "backend=b,outcome=hit 2",
            "backend=c,outcome=hit 3",
        ]
    );
    assert_eq!(scope.counts("telemetry_metric_overflow_total"), ["instrument=test_hits_total 9"]);
    let warning = SeriesOverflow { name: "test_hits_total".into(), limit: 3 };
    assert_eq!(scope.store.take_overflow_warnings(), [warning]);
    assert_eq!(scope.store.take_overflow_warnings(), []);
}

#[test]
fn label_sets_with_equal_digests_are_told_apart_by_their_texts() {
    let table = SeriesTable::new(4);
    let texts = ["the same first letters, one", "the same first letters, two", "the same first letters, six"];
    // As if the digest said nothing.
    let same = [Digest::of(texts[0])];
    let home = Home { store: &GLOBAL, at: 0 };
    for text in texts {
        assert!(table.find(&same, || [text]).is_none());
        table.add(NAMED_LEVELS.core(), &same, &[text], home);
    }
    for text in texts {
        assert!(table.find(&same, || [text]).unwrap().labels.values().eq([text]));
    }
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
fn clashes_are_reported_with_both_places_and_the_first_counts() {
    let scope = Scope::new();
    let conflicts = crate::metric::check();
    let conflict = conflicts.iter().find(|conflict| conflict.second == "test_clash_sum").unwrap();
    assert_eq!((conflict.exposed.as_str(), &*conflict.first), ("test_clash_sum", "test_clash"));
    assert!(conflict.first_place.file().ends_with("mod.rs"), "{conflict}");
    assert!(conflict.first_place.line() < conflict.second_place.line(), "{conflict}");
    SECOND.set(1.0);
    FIRST.observe(1.0);
    // What takes the mark of exemplars from a gate leaves one that is off alone.
    SECOND.core().disarm();
    assert_eq!(SECOND.core().gate(), OFF);
    let snapshot = scope.store.snapshot(0, 0, |_| {});
    assert!(snapshot.families.iter().all(|family| family.name != "test_clash_sum"));
    assert!(scope.counts("test_clash")[0].ends_with(" 1"));
}
