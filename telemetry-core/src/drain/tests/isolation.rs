//! One sink's troubles are its own.

use super::*;
use crate::drain::reason::DropReason;

#[test]
fn panics_and_errors_touch_no_other_sink_and_are_reported_once() {
    let rig = Rig::new();
    let (healthy, received) = counting("healthy");
    rig.drain.add_sink(ClosureSink::boxed("panics", |_| panic!("out of cheese"))).unwrap();
    rig.drain.add_sink(ClosureSink::boxed("errs", |_| Err(SinkError::Refused("no".to_owned())))).unwrap();
    rig.drain.add_sink(healthy).unwrap();
    for _ in 0..20 {
        rig.round(10).unwrap_err();
    }
    assert_eq!(received.load(Ordering::Relaxed), 200);
    assert_eq!(rig.figures("panics").dropped[DropReason::Panic as usize], 200);
    assert_eq!(rig.figures("panics").errors, 20);
    assert_eq!(rig.figures("errs").dropped[DropReason::Error as usize], 200);
    assert_eq!(rig.figures("errs").errors, 20);
    assert_eq!(rig.figures("healthy").delivered, 200);
    assert_eq!(rig.figures("healthy").errors, 0);
    let mut lines = rig.lines();
    lines.sort();
    assert_eq!(
        lines,
        [
            "telemetry: sink errs: could not export spans: the destination refused it: no",
            "telemetry: sink panics: panicked while it was to export spans: out of cheese",
        ]
    );
}

#[test]
fn a_request_names_the_sink_that_failed_and_why() {
    let rig = Rig::new();
    rig.drain.add_sink(ClosureSink::boxed("errs", |_| Err(SinkError::Refused("no".to_owned())))).unwrap();
    rig.drain.add_sink(counting("healthy").0).unwrap();
    let error = rig.round(1).unwrap_err();
    assert_eq!(
        error.to_string(),
        "not everything was delivered: errs failed (could not export spans: the destination refused it: no)"
    );
    let DrainError::Incomplete(deliveries) = error else { panic!("{error:?}") };
    assert_eq!(deliveries[1], Delivery { sink: "healthy".to_owned(), outcome: DeliveryOutcome::Done });
    // Nothing was drained in between, so nothing failed.
    rig.drain.drain_now(AMPLE).unwrap();
}

#[test]
fn a_full_queue_drops_and_counts_for_that_sink_alone() {
    let rig = Rig::with(|options| {
        options.batch_spans = 10;
        options.queue_batches = 3;
    });
    let (stuck, release, arrived) = blocking("stuck");
    let (told, tell) = mpsc::channel();
    rig.drain.add_sink(stuck).unwrap();
    rig.drain
        .add_sink(ClosureSink::boxed("healthy", move |spans| {
            told.send(spans.len()).unwrap();
            Ok(())
        }))
        .unwrap();
    // One batch is in the sink's hands, three fit in its queue, seven do not.
    for round in 0..11 {
        rig.source.put(10);
        rig.drain.waker().wake();
        if round == 0 {
            arrived.recv().unwrap();
        }
        assert_eq!(tell.recv().unwrap(), 10);
    }
    let figures = rig.figures("stuck");
    assert_eq!(figures.dropped, [70, 0, 0, 0, 0, 0, 0]);
    assert_eq!(figures.queued, 40);

    assert_eq!(rig.lines(), ["telemetry: sink stuck: its queue of 3 batches is full, 10 spans dropped"]);
    drop(release);
    rig.drain.drain_now(AMPLE).unwrap();
    assert_eq!(rig.figures("stuck").delivered, 40);
    assert_eq!(rig.figures("healthy").delivered, 110);
    assert_conserved(&rig.figures("stuck"), 110);
}

#[test]
fn a_panic_in_the_source_ends_no_tick_and_loses_no_span() {
    struct Panicking(ListSource, AtomicU64);
    impl Source for Panicking {
        fn tick(&self) {
            panic!("clock");
        }
        fn collect_metrics(&self, _: Vec<MetricFamily>) -> (Arc<MetricsSnapshot>, Vec<Report>) {
            panic!("sampler")
        }
        fn drain_spans(&self, max: usize, out: &mut Vec<SpanRecord>) -> usize {
            let count = self.0.drain_spans(max, out);
            assert!(self.1.fetch_add(1, Ordering::Relaxed) > 0, "ring");
            count
        }
        fn capacity(&self) -> usize {
            10
        }
    }
    let source = Arc::new(Panicking(ListSource::default(), AtomicU64::new(0)));
    let faults = Arc::new(Faults::to(|_| {}));
    let options = Options { interval: Duration::from_secs(300), faults, ..Options::default() };
    let drain = Drain::start(options, Arc::clone(&source) as Arc<dyn Source>).unwrap();
    let (sink, received) = counting("memory");
    drain.add_sink(sink).unwrap();
    for _ in 0..2 {
        source.0.put(5);
        drain.drain_now(AMPLE).unwrap();
    }
    assert_eq!(received.load(Ordering::Relaxed), 10);
}

#[test]
fn what_the_source_reports_every_tick_is_printed_once() {
    let rig = Rig::new();
    for took in 0..5 {
        let line = format!("sampler pool took {took} s");
        *lock(&rig.source.reports) = vec![Report { kind: "slow sampler pool".to_owned(), line }];
        rig.drain.drain_now(AMPLE).unwrap();
    }
    assert_eq!(rig.lines(), ["telemetry: sampler pool took 0 s"]);
}

#[test]
fn the_sink_thread_is_named_suppressed_and_quiet_after_its_first_panic() {
    use std::cell::Cell;
    thread_local!(static SUPPRESSED: Cell<bool> = const { Cell::new(false) });
    let rig = Rig::with(|options| {
        options.suppress = || {
            SUPPRESSED.set(true);
            Box::new(())
        };
    });
    let (told, tell) = mpsc::channel();
    rig.drain
        .add_sink(ClosureSink::boxed("probe", move |_| {
            let name = std::thread::current().name().map(str::to_owned);
            told.send((name, SUPPRESSED.get())).unwrap();
            panic!("once")
        }))
        .unwrap();
    rig.round(1).unwrap_err();
    rig.round(1).unwrap_err();
    let name = Some("telemetry-sink-probe".to_owned());
    assert_eq!(tell.recv().unwrap(), (name.clone(), true));
    assert_eq!(tell.recv().unwrap(), (name, true));
    assert!(!SUPPRESSED.get());
}
