//! Samplers, and counters that follow a total.

use super::*;

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

#[test]
fn a_stuck_sampler_is_named_once_and_the_others_go_on() {
    let scope = Scope::new();
    let interval = Duration::from_secs(10);
    let (release, released) = mpsc::channel::<()>();
    let _stuck = register_sampler("stuck", move || {
        let _ = released.recv();
    })
    .unwrap();
    let _good = register_sampler("good", || LEVEL.add(1.0)).unwrap();
    scope.store.await_samplers(interval);
    let stuck = SamplerReport::Stuck { name: "stuck".into(), waited: Duration::from_secs(1) };
    assert_eq!(stuck.to_string(), "sampler `stuck` has not returned for 1s; the others go on without it");
    assert_eq!(scope.store.take_sampler_reports(), [stuck]);
    assert_eq!(scope.counts("test_level"), ["1"]);
    // It is running still, so it is neither run nor waited for again.
    for _ in 0..3 {
        scope.store.await_samplers(interval);
    }
    assert_eq!(scope.store.take_sampler_reports(), []);
    assert_eq!(scope.counts("test_level"), ["4"]);
    drop(release);
}

#[test]
fn a_sampler_that_reads_the_metrics_gets_the_values_there_are() {
    let scope = Scope::new();
    let store = scope.store;
    let _reader = register_sampler("reader", move || {
        LEVEL.add(1.0);
        store.await_samplers(Duration::from_secs(10));
        store.await_samplers_unless_running(Duration::from_secs(10));
        assert_eq!(store.run_samplers(Duration::from_secs(10)), []);
        // From another thread a live reading finds the round under way.
        let other = thread::spawn(move || store.await_samplers_unless_running(Duration::from_secs(10)));
        other.join().unwrap();
    })
    .unwrap();
    store.await_samplers(Duration::from_secs(10));
    assert_eq!(store.take_sampler_reports(), []);
    assert_eq!(scope.counts("test_level"), ["1"]);
    assert_eq!(store.run_samplers(Duration::from_secs(10)), []);
    assert_eq!(scope.counts("test_level"), ["2"]);
}

#[test]
fn what_a_round_reports_waits_for_the_next_tick() {
    let scope = Scope::new();
    let _bad = register_sampler("bad", || panic!("no pool")).unwrap();
    for _ in 0..3 {
        scope.store.await_samplers_unless_running(Duration::from_secs(10));
    }
    let report = SamplerReport::Panicked { name: "bad".into(), message: "no pool".into() };
    assert_eq!(scope.store.take_sampler_reports(), [report]);
    assert_eq!(scope.counts("telemetry_sampler_panics_total"), ["sampler=bad 3"]);
}
