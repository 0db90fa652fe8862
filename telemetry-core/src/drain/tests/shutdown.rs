//! The end: the last drain, the deadline, what is left behind.

use super::*;
use crate::drain::reason::DropReason;

#[test]
fn shutdown_drains_flushes_and_closes() {
    let rig = Rig::new();
    let calls = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&calls);
    let mut sink = ClosureSink::new("log", move |_| {
        lock(&log).push("spans");
        Ok(())
    });
    sink.calls = Arc::clone(&calls);
    rig.drain.add_sink(Box::new(sink)).unwrap();
    rig.source.put(9);
    let deliveries = rig.drain.shutdown(AMPLE).unwrap();
    assert_eq!(deliveries, [Delivery { sink: "log".to_owned(), outcome: DeliveryOutcome::Done }]);
    assert_eq!(*lock(&calls), ["start", "spans", "flush", "close"]);
    assert_conserved(&rig.figures("log"), 9);
    assert_eq!(rig.figures("log").delivered, 9);
}

#[test]
fn shutdown_again_returns_the_same_and_everything_else_says_stopped() {
    let rig = Rig::new();
    rig.drain.add_sink(ClosureSink::boxed("errs", |_| Err(SinkError::Refused("no".to_owned())))).unwrap();
    rig.source.put(1);
    let first = rig.drain.shutdown(AMPLE);
    assert!(matches!(first, Err(ShutdownError::Incomplete(_))), "{first:?}");
    assert_eq!(rig.drain.shutdown(Duration::ZERO), first);
    assert_eq!(rig.drain.drain_now(AMPLE), Err(DrainError::Stopped));
    assert_eq!(rig.drain.flush(AMPLE), Err(DrainError::Stopped));
    assert_eq!(rig.drain.add_sink(counting("late").0), Err(DrainStartError::Stopped));
}

#[test]
fn a_blocked_sink_is_abandoned_at_the_deadline_and_named() {
    let rig = Rig::with(|options| options.batch_spans = 10);
    let (stuck, release, arrived) = blocking("stuck");
    let (healthy, received) = counting("healthy");
    rig.drain.add_sink(stuck).unwrap();
    rig.drain.add_sink(healthy).unwrap();
    rig.source.put(30);
    rig.drain.waker().wake();
    arrived.recv().unwrap();
    let began = Instant::now();
    let error = rig.drain.shutdown(Duration::from_millis(500)).unwrap_err();
    assert!(began.elapsed() < AMPLE / 2, "{:?}", began.elapsed());
    let ShutdownError::Abandoned { threads, .. } = &error else { panic!("{error:?}") };
    assert_eq!(*threads, ["telemetry-sink-stuck"]);
    assert_eq!(error.to_string(), "abandoned after 500ms: telemetry-sink-stuck");
    assert_eq!(received.load(Ordering::Relaxed), 30);
    let figures = rig.figures("stuck");
    assert_eq!(figures.dropped[DropReason::Abandoned as usize], 30);
    assert_conserved(&figures, 30);
    // What the abandoned thread does later changes no figure.
    drop(release);
    assert_eq!(rig.figures("stuck"), figures);
}

#[test]
fn a_stuck_source_is_named_and_its_spans_are_still_delivered() {
    let (source, release, _arrived) = StuckSource::new();
    let options = Options { interval: Duration::from_secs(300), ..Options::default() };
    let drain = Drain::start(options, Arc::clone(&source) as Arc<dyn Source>).unwrap();
    let (sink, received) = counting("memory");
    drain.add_sink(sink).unwrap();
    let error = drain.drain_now(Duration::from_millis(10)).unwrap_err();
    assert_eq!(error.to_string(), "the drain worker was still busy after 10ms");
    source.spans.put(7);
    let error = drain.shutdown(Duration::from_secs(1)).unwrap_err();
    let ShutdownError::Abandoned { threads, deliveries, .. } = &error else { panic!("{error:?}") };
    assert_eq!(*threads, ["telemetry-drain"]);
    assert!(deliveries[0].is_done(), "{deliveries:?}");
    assert_eq!(received.load(Ordering::Relaxed), 7);
    drop(release);
}

#[test]
fn the_last_drain_delivers_the_spans_before_it_reads_the_metrics() {
    let (source, release, arrived) = StuckSource::new();
    let options = Options { interval: Duration::from_secs(300), ..Options::default() };
    let drain = Drain::start(options, Arc::clone(&source) as Arc<dyn Source>).unwrap();
    let (told, tell) = mpsc::channel();
    drain
        .add_sink(ClosureSink::boxed("tell", move |spans| {
            told.send(spans.len()).unwrap();
            Ok(())
        }))
        .unwrap();
    source.spans.put(5);
    drop(drain);
    arrived.recv().unwrap();
    assert_eq!(tell.recv().unwrap(), 5);
    // What ends while the metrics are read is delivered too.
    source.spans.put(2);
    drop(release);
    assert_eq!(tell.recv().unwrap(), 2);
}

/// Blocks in its metrics until the sender is dropped, and says when it is there.
struct StuckSource {
    spans: ListSource,
    arrive: mpsc::Sender<()>,
    released: Mutex<mpsc::Receiver<()>>,
}

impl StuckSource {
    fn new() -> (Arc<Self>, mpsc::Sender<()>, mpsc::Receiver<()>) {
        let (release, released) = mpsc::channel();
        let (arrive, arrived) = mpsc::channel();
        let released = Mutex::new(released);
        (Arc::new(Self { spans: ListSource::default(), arrive, released }), release, arrived)
    }
}

impl Source for StuckSource {
    fn tick(&self) {}

    fn collect_metrics(&self, _: Vec<MetricFamily>) -> (Arc<MetricsSnapshot>, Vec<Report>) {
        let _ = self.arrive.send(());
        let _ = lock(&self.released).recv();
        (Arc::default(), Vec::new())
    }

    fn drain_spans(&self, max: usize, out: &mut Vec<SpanRecord>) -> usize {
        self.spans.drain_spans(max, out)
    }

    fn capacity(&self) -> usize {
        self.spans.capacity()
    }
}

#[test]
fn dropping_the_drain_delivers_and_closes_without_a_call() {
    let rig = Rig::new();
    let (told, tell) = mpsc::channel();
    rig.drain
        .add_sink(ClosureSink::boxed("tell", move |spans| {
            told.send(spans.len()).unwrap();
            Ok(())
        }))
        .unwrap();
    rig.source.put(5);
    drop(rig.drain);
    assert_eq!(tell.recv().unwrap(), 5);
    // The sink is dropped at its close, and its sender with it.
    assert!(tell.recv().is_err());
}

#[test]
fn a_panic_while_closing_or_being_dropped_is_counted() {
    struct Fragile;
    impl Sink for Fragile {
        fn name(&self) -> &'static str {
            "fragile"
        }
        fn export_spans(&mut self, _: &[SpanRecord]) -> Result<(), SinkError> {
            Ok(())
        }
        fn export_metrics(&mut self, _: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
            Ok(())
        }
        fn close(&mut self) -> Result<(), SinkError> {
            panic!("at the close")
        }
    }
    impl Drop for Fragile {
        fn drop(&mut self) {
            panic!("at the drop")
        }
    }
    let rig = Rig::new();
    rig.drain.add_sink(Box::new(Fragile)).unwrap();
    let error = rig.drain.shutdown(AMPLE).unwrap_err();
    assert_eq!(
        error.to_string(),
        "not everything was delivered: fragile failed (panicked while it was to be dropped: at the drop)"
    );
    assert_eq!(rig.figures("fragile").errors, 2);
    assert_eq!(rig.lines().len(), 2, "{:?}", rig.lines());
}
