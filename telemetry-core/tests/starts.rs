//! Starts that meet: at once, twice, during a stop, from inside a sink; and spans that outlive the pipeline.
//!
//! One test in a program of its own: there is one such pipeline.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use telemetry_core::metric::snapshot::MetricsSnapshot;
use telemetry_core::record::SpanRecord;
use telemetry_core::sink::{MemorySink, Sink, SinkContext, SinkError};
use telemetry_core::{AlwaysSample, StartError, Telemetry, TelemetryBuilder, span, step};

const PATIENCE: Duration = Duration::from_secs(30);
const THREADS: usize = 8;

#[span]
fn work() {}

/// Does something when it is attached, and waits at its close.
struct Meddling<F: FnMut(&SinkContext) + Send + 'static> {
    attach: F,
    closing: Option<(Sender<()>, Mutex<Receiver<()>>)>,
}

impl<F: FnMut(&SinkContext) + Send + 'static> Sink for Meddling<F> {
    fn name(&self) -> &'static str {
        "meddling"
    }

    fn attach(&mut self, context: &SinkContext) {
        (self.attach)(context);
    }

    fn export_spans(&mut self, _: &[SpanRecord]) -> Result<(), SinkError> {
        Ok(())
    }

    fn export_metrics(&mut self, _: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        Ok(())
    }

    fn close(&mut self) -> Result<(), SinkError> {
        if let Some((arrive, released)) = &self.closing {
            let _ = arrive.send(());
            let _ = released.lock().unwrap().recv();
        }
        Ok(())
    }
}

fn builder(memory: &MemorySink) -> TelemetryBuilder {
    Telemetry::builder().sampler(AlwaysSample).drain_interval(Duration::from_secs(300)).sink(memory.clone())
}

#[test]
fn one_start_at_a_time_succeeds_and_the_others_say_so() {
    of_many_threads_one_starts();
    a_start_inside_a_start_is_refused_and_a_panic_while_attaching_ends_none();
    a_start_during_a_stop_is_refused();
    a_span_that_outlives_its_pipeline_is_counted_and_goes_to_the_next();
}

fn of_many_threads_one_starts() {
    for round in 1..=20 {
        let memory = MemorySink::new();
        let barrier = Barrier::new(THREADS);
        let started: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|_| {
                    scope.spawn(|| {
                        barrier.wait();
                        builder(&memory).start()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let (one, others): (Vec<_>, Vec<_>) = started.into_iter().partition(Result::is_ok);
        assert_eq!((one.len(), others.len()), (1, THREADS - 1), "round {round}");
        for other in others {
            assert!(matches!(other, Err(StartError::AlreadyRunning)), "{other:?}");
        }
        work();
        one[0].as_ref().unwrap().shutdown(PATIENCE).unwrap();
        assert_eq!(memory.span_count(), 1, "round {round}");
    }
}

fn a_start_inside_a_start_is_refused_and_a_panic_while_attaching_ends_none() {
    let memory = MemorySink::new();
    let inner = memory.clone();
    let meddling = Meddling {
        attach: move |context: &SinkContext| {
            assert!(matches!(builder(&inner).start(), Err(StartError::AlreadyRunning)));
            // Reads what there is, and waits for nobody.
            assert!(context.live.as_ref().unwrap().read().text().contains("telemetry_spans_started_total"));
        },
        closing: None,
    };
    builder(&memory).sink(meddling).start().unwrap().shutdown(PATIENCE).unwrap();
    let panicking = Meddling { attach: |_: &SinkContext| panic!("no"), closing: None };
    let telemetry = builder(&memory).sink(panicking).start().unwrap();
    work();
    telemetry.shutdown(PATIENCE).unwrap();
    let errors: Vec<_> = telemetry.sinks().iter().map(|sink| (sink.delivered, sink.errors)).collect();
    assert_eq!(errors, [(1, 0), (1, 1)]);
}

fn a_start_during_a_stop_is_refused() {
    let memory = MemorySink::new();
    let (arrive, arrived) = channel();
    let (release, released) = channel();
    let meddling = Meddling { attach: |_: &SinkContext| {}, closing: Some((arrive, Mutex::new(released))) };
    let telemetry = builder(&memory).sink(meddling).start().unwrap();
    thread::scope(|scope| {
        let stopping = scope.spawn(|| telemetry.shutdown(PATIENCE));
        arrived.recv().unwrap();
        assert!(matches!(builder(&memory).start(), Err(StartError::AlreadyRunning)));
        let second = scope.spawn(|| telemetry.shutdown(PATIENCE));
        drop(release);
        assert!(stopping.join().unwrap().is_ok());
        assert!(second.join().unwrap().is_ok());
    });
}

fn a_span_that_outlives_its_pipeline_is_counted_and_goes_to_the_next() {
    let memory = MemorySink::new();
    let telemetry = builder(&memory).start().unwrap();
    let before = telemetry.accounting();
    let open = step!("long");
    work();
    telemetry.shutdown(PATIENCE).unwrap();
    assert_eq!(memory.spans().iter().map(|span| &*span.name).collect::<Vec<_>>(), ["work"]);
    let after = telemetry.accounting();
    assert_eq!((after.started - before.started, after.taken - before.taken, after.in_flight), (2, 1, 1));
    // It is in the last metrics that sinks get, and in the report.
    let last = memory.latest_metrics().unwrap();
    assert!(last.text().lines().any(|line| line == "telemetry_spans_in_flight 1"), "{}", last.text());
    assert!(telemetry.health().to_string().contains("1 in flight"), "{}", telemetry.health());
    drop(open);
    assert_eq!(telemetry.accounting().in_flight, 1, "ended, and not delivered");
    let next = MemorySink::new();
    let again = builder(&next).start().unwrap();
    again.shutdown(PATIENCE).unwrap();
    assert_eq!(next.spans().iter().map(|span| &*span.name).collect::<Vec<_>>(), ["long"]);
    assert_eq!(again.accounting().in_flight, 0);
}
