//! The pipeline of the process: started, fed, drained into sinks of which some misbehave, stopped, started again.
//!
//! One test in a program of its own: there is one such pipeline.

use std::pin::pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake};
use std::thread::{self, Thread};
use std::time::Duration;

use telemetry_core::metric::snapshot::{MetricValue, MetricsSnapshot};
use telemetry_core::record::SpanRecord;
use telemetry_core::sink::{MemorySink, PrometheusSink, Sink, SinkError};
use telemetry_core::testing::assertions::{Assertions, Recorded};
use telemetry_core::{AlwaysSample, StartError, Telemetry, metric, span};

const PATIENCE: Duration = Duration::from_secs(20);

metric! {
    /// Work done.
    static WORK: Counter = "pipeline_work_total";
}

#[span]
fn work() {
    WORK.inc();
}

#[span]
fn export() {}

/// A sink that does something else than it should.
struct Bad {
    name: &'static str,
    export: Box<dyn FnMut() -> Result<(), SinkError> + Send>,
}

impl Sink for Bad {
    fn name(&self) -> &str {
        self.name
    }

    fn export_spans(&mut self, _: &[SpanRecord]) -> Result<(), SinkError> {
        (self.export)()
    }

    fn export_metrics(&mut self, _: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        Ok(())
    }
}

/// A sink that traces itself: none of it must come back.
struct Tracing;

impl Sink for Tracing {
    fn name(&self) -> &'static str {
        "tracing"
    }

    fn export_spans(&mut self, _: &[SpanRecord]) -> Result<(), SinkError> {
        export();
        Ok(())
    }

    fn export_metrics(&mut self, _: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        Ok(())
    }
}

struct Memory(MemorySink);

impl Recorded for Memory {
    fn spans(&self) -> Vec<SpanRecord> {
        self.0.spans()
    }

    fn latest_metrics(&self) -> Option<Arc<MetricsSnapshot>> {
        self.0.latest_metrics()
    }
}

/// Waits for a future on this thread, parked in between.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Arc::new(Unpark(thread::current())).into();
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

fn blocked_until_released() -> (Bad, Sender<()>) {
    let (release, released): (_, Receiver<()>) = channel();
    let released = Mutex::new(released);
    let export = Box::new(move || {
        // Ends when the other half is dropped.
        let _ = released.lock().unwrap().recv();
        Ok(())
    });
    (Bad { name: "sleeping", export }, release)
}

#[test]
fn one_bad_sink_harms_no_other_and_every_span_is_accounted_for() {
    work();
    let memory = MemorySink::new();
    let prometheus = PrometheusSink::new();
    let (sleeping, release) = blocked_until_released();
    let telemetry = Telemetry::builder()
        .service_name("pipeline")
        .sampler(AlwaysSample)
        .ring_capacity(4_096)
        .drain_interval(Duration::from_secs(300))
        .sink(Bad { name: "panicking", export: Box::new(|| panic!("a bad sink")) })
        .sink(Bad { name: "failing", export: Box::new(|| Err(SinkError::Refused("no".into()))) })
        .sink(sleeping)
        .sink(Tracing)
        .sink(memory.clone())
        .sink(prometheus.clone())
        .start()
        .unwrap();
    assert!(matches!(Telemetry::builder().start(), Err(StartError::AlreadyRunning)));
    assert!(prometheus.text().contains("# TYPE pipeline_work_total counter"), "live before the first drain");

    for _ in 0..500 {
        work();
    }
    // The bad ones are named in the error; the good ones have everything.
    let error = telemetry.drain_now(Duration::from_secs(2)).unwrap_err().to_string();
    for name in ["panicking", "failing", "sleeping"] {
        assert!(error.contains(name), "{name} is missing in: {error}");
    }
    assert_eq!(memory.spans().len(), 500);
    Memory(memory.clone()).assert_no_error_spans();
    drop(release);
    for _ in 0..100 {
        work();
    }
    let _ = telemetry.drain_now(PATIENCE);

    for figures in telemetry.sinks() {
        assert_eq!(figures.taken, 600, "{figures:?}");
        assert_eq!(
            figures.taken,
            figures.delivered + figures.dropped_total() + figures.queued,
            "{figures:?}"
        );
        let bad = ["panicking", "failing"].contains(&figures.sink.as_str());
        assert_eq!(figures.delivered, if bad { 0 } else { 600 }, "{figures:?}");
    }
    let text = prometheus.text();
    for line in [
        "pipeline_work_total 600",
        "telemetry_spans_started_total 600",
        "telemetry_spans_dropped_total{reason=\"full\"} 0",
        "# TYPE telemetry_drain_duration_seconds histogram",
    ] {
        assert!(text.contains(line), "{line} is missing in:\n{text}");
    }
    let metrics = telemetry.metrics();
    let started =
        metrics.families.iter().find(|family| family.name == "telemetry_spans_started_total").unwrap();
    assert_eq!(started.series[0].value, MetricValue::Counter(600));

    let _ = telemetry.shutdown(PATIENCE);
    work();
    let accounting = telemetry.accounting();
    assert_eq!((accounting.started, accounting.taken, accounting.in_flight), (601, 600, 0));
    assert_eq!(accounting.dropped_after_shutdown, 1);
    assert!(telemetry.shutdown(PATIENCE).is_ok(), "a second shutdown does nothing");
    drop(telemetry);

    let memory = MemorySink::new();
    let again = Telemetry::builder().sampler(AlwaysSample).sink(memory.clone()).start().unwrap();
    work();
    again.drain_now(PATIENCE).unwrap();
    assert_eq!(memory.spans().len(), 1);
    telemetry_core::disable();
    work();
    telemetry_core::enable();
    work();
    block_on(again.shutdown_async(PATIENCE)).unwrap();
    assert_eq!(memory.spans().len(), 2, "the last drain delivers what has ended");
}
