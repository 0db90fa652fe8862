//! Waiting for delivery, early ticks, sinks added while running.

use super::*;
use crate::drain::lane::Work;
use crate::metric::snapshot::MetricValue;

#[test]
fn drain_now_waits_until_every_sink_has_processed_everything() {
    let rig = Rig::with(|options| options.batch_spans = 7);
    let (one, in_one) = counting("one");
    let (two, in_two) = counting("two");
    rig.drain.add_sink(one).unwrap();
    rig.drain.add_sink(two).unwrap();
    for round in 1..=50 {
        rig.round(20).unwrap();
        assert_eq!(in_one.load(Ordering::Relaxed), round * 20);
        assert_eq!(in_two.load(Ordering::Relaxed), round * 20);
    }
    assert_eq!(rig.source.clock_ticks.load(Ordering::Relaxed), 50);
    assert_eq!(rig.source.snapshots.load(Ordering::Relaxed), 50);
}

#[test]
fn drain_now_times_out_on_the_busy_sink_and_names_it() {
    let rig = Rig::new();
    let (stuck, release, arrived) = blocking("stuck");
    rig.drain.add_sink(stuck).unwrap();
    rig.drain.add_sink(counting("healthy").0).unwrap();
    rig.source.put(3);
    let error = rig.drain.drain_now(Duration::from_millis(500)).unwrap_err();
    assert_eq!(error.to_string(), "not everything was delivered: stuck was still busy at the deadline");
    arrived.recv().unwrap();
    drop(release);
    rig.drain.drain_now(AMPLE).unwrap();
    assert_eq!(rig.figures("stuck").delivered, 3);
}

#[test]
fn flush_reaches_every_sink_after_its_spans() {
    let rig = Rig::new();
    let calls = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&calls);
    let mut sink = ClosureSink::new("log", move |_| {
        lock(&log).push("spans");
        Ok(())
    });
    sink.calls = Arc::clone(&calls);
    rig.drain.add_sink(Box::new(sink)).unwrap();
    rig.source.put(1);
    rig.drain.flush(AMPLE).unwrap();
    assert_eq!(*lock(&calls), ["start", "spans", "flush"]);
}

#[test]
fn a_wake_drains_spans_early_but_leaves_metrics_to_their_interval() {
    let rig = Rig::new();
    let (told, tell) = mpsc::channel();
    rig.drain
        .add_sink(ClosureSink::boxed("tell", move |spans| {
            told.send(spans.len()).unwrap();
            Ok(())
        }))
        .unwrap();
    rig.source.put(5);
    rig.drain.waker().wake();
    assert_eq!(tell.recv().unwrap(), 5);
    assert_eq!(rig.source.snapshots.load(Ordering::Relaxed), 0);
}

#[test]
fn ticks_come_by_themselves_at_the_interval() {
    let rig = Rig::with(|options| options.interval = Duration::from_millis(10));
    let (told, tell) = mpsc::channel();
    rig.drain
        .add_sink(ClosureSink::boxed("tell", move |spans| {
            told.send(spans.len()).unwrap();
            Ok(())
        }))
        .unwrap();
    for _ in 0..3 {
        rig.source.put(1);
        assert_eq!(tell.recv().unwrap(), 1);
    }
}

#[test]
fn a_sink_added_while_running_receives_what_is_drained_from_then_on() {
    let rig = Rig::new();
    let (early, in_early) = counting("memory");
    assert_eq!(rig.drain.add_sink(early).unwrap(), "memory");
    rig.round(10).unwrap();
    let (late, in_late) = counting("memory");
    assert_eq!(rig.drain.add_sink(late).unwrap(), "memory-2");
    rig.round(5).unwrap();
    assert_eq!(in_early.load(Ordering::Relaxed), 15);
    assert_eq!(in_late.load(Ordering::Relaxed), 5);
    assert_conserved(&rig.figures("memory-2"), 5);
}

#[test]
fn a_busy_sink_keeps_the_latest_few_snapshots() {
    // A lane without a thread: its sink is busy for ever.
    let lane = Lane::new("busy".to_owned(), counting("busy").0, 1, Arc::new(Faults::to(|_| {})));
    for time_unix_nanos in 1..=10 {
        lane.push_metrics(&Arc::new(MetricsSnapshot { time_unix_nanos, ..MetricsSnapshot::default() }));
    }
    lane.push_flush();
    let mut kept = Vec::new();
    while let Some((_, Work::Metrics(snapshot))) = lane.next() {
        kept.push(snapshot.time_unix_nanos);
    }
    assert_eq!(kept, [7, 8, 9, 10]);
    assert_eq!(lane.figures().replaced_snapshots, 6);
}

#[test]
fn the_own_figures_reach_the_snapshot() {
    let rig = Rig::new();
    rig.drain.add_sink(counting("memory").0).unwrap();
    rig.round(4).unwrap();
    rig.drain.drain_now(AMPLE).unwrap();
    let own = lock(&rig.source.own).clone();
    let names: Vec<_> = own.iter().map(|family| family.name.as_ref()).collect();
    assert_eq!(
        names,
        [
            "telemetry_drain_duration_seconds",
            "telemetry_sink_errors_total",
            "telemetry_sink_queued_spans",
            "telemetry_sink_spans_dropped_total",
            "telemetry_spans_exported_total",
        ]
    );
    assert_eq!(own[4].series[0].labels, [("sink".into(), "memory".into())]);
    assert_eq!(own[4].series[0].value, MetricValue::Counter(4));
    let MetricValue::Histogram { counts, .. } = &own[0].series[0].value else { panic!("{own:?}") };
    assert_eq!(counts.iter().sum::<u64>(), 1);
    // Outside a tick the same families are there, with what has happened since.
    let MetricValue::Histogram { counts, .. } = &rig.drain.families()[0].series[0].value else {
        panic!("{own:?}")
    };
    assert_eq!(counts.iter().sum::<u64>(), 2);
}

#[test]
fn intervals_out_of_range_are_refused() {
    for millis in [0, 9, 300_001] {
        let options = Options { interval: Duration::from_millis(millis), ..Options::default() };
        let error = Drain::start(options, Arc::new(ListSource::default())).err().unwrap();
        assert!(error.to_string().ends_with("accepted are 0.01 to 300 seconds"), "{error}");
    }
}

/// A ring of ten slots, of which a tick takes twenty spans.
struct Small(ListSource);

impl Source for Small {
    fn tick(&self) {}

    fn collect_metrics(&self, own: Vec<MetricFamily>) -> (Arc<MetricsSnapshot>, Vec<Report>) {
        self.0.collect_metrics(own)
    }

    fn drain_spans(&self, max: usize, out: &mut Vec<SpanRecord>) -> usize {
        self.0.drain_spans(max, out)
    }

    fn capacity(&self) -> usize {
        10
    }
}

#[test]
fn a_tick_that_has_taken_all_it_may_is_followed_by_another_at_once() {
    let source = Arc::new(Small(ListSource::default()));
    let options = Options { interval: Duration::from_secs(300), batch_spans: 10, ..Options::default() };
    let drain = Drain::start(options, Arc::clone(&source) as Arc<dyn Source>).unwrap();
    let (told, tell) = mpsc::channel();
    drain
        .add_sink(ClosureSink::boxed("tell", move |spans| {
            told.send(spans.len()).unwrap();
            Ok(())
        }))
        .unwrap();
    source.0.put(100);
    drain.waker().wake();
    let mut delivered = 0;
    while delivered < 100 {
        delivered += tell.recv_timeout(AMPLE).expect("nobody else wakes the worker");
    }
    assert_eq!(delivered, 100);
}
