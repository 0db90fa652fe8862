//! What the child of a fork does with a sink that was in the middle of a call, with guards that were open, and with a
//! listener that nobody serves there.
//!
//! One test in a program of its own: it forks.
#![cfg(unix)]
#![allow(unsafe_code, reason = "the standard library cannot fork")]

#[path = "support/child.rs"]
mod child;
#[path = "support/exclusive.rs"]
mod exclusive;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use child::in_child;
use exclusive::Exclusive;
use telemetry_core::metric::snapshot::MetricsSnapshot;
use telemetry_core::record::SpanRecord;
use telemetry_core::sink::{MemorySink, PrometheusSink, Sink, SinkError};
use telemetry_core::{AlwaysSample, Telemetry, metric, resume_after_fork, span, step};

const PATIENCE: Duration = Duration::from_secs(30);

metric! {
    /// Counted in the parent and in the child.
    static COUNTED: Counter = "fork_counted_total";
    /// Set in the parent.
    static LEVEL: Gauge = "fork_level";
}

#[span]
fn work() {
    COUNTED.inc();
}

/// Blocks in its first export until the other end is dropped, and says when it is there.
struct Blocking {
    arrived: Sender<()>,
    released: Mutex<Receiver<()>>,
}

impl Sink for Blocking {
    fn name(&self) -> &'static str {
        "blocking"
    }

    fn export_spans(&mut self, _: &[SpanRecord]) -> Result<(), SinkError> {
        let _ = self.arrived.send(());
        let _ = self.released.lock().unwrap().recv();
        Ok(())
    }

    fn export_metrics(&mut self, _: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        Ok(())
    }
}

#[test]
fn a_child_goes_on_with_what_can_go_on_and_leaves_the_rest_to_its_parent() {
    let (memory, prometheus) = (MemorySink::new(), PrometheusSink::new());
    let (arrived, arrive) = channel();
    let (release, released) = channel();
    let blocking = Blocking { arrived, released: Mutex::new(released) };
    let telemetry = Telemetry::builder()
        .sampler(AlwaysSample)
        .drain_interval(Duration::from_secs(300))
        .sink(blocking)
        .sink(Exclusive)
        .sink(memory.clone())
        .sink(prometheus.clone())
        .start()
        .unwrap();
    let server = prometheus.serve("0").unwrap();
    LEVEL.set(7.0);
    work();
    let drained = telemetry.drain_now(Duration::from_millis(1));
    arrive.recv().unwrap();

    // A fork waits for the sink that blocks, but not for long.
    let began = Instant::now();
    let open = step!("open in the parent");
    in_child(|| {
        let names = |telemetry: &Telemetry| -> Vec<String> {
            telemetry.sinks().into_iter().map(|sink| sink.sink).collect()
        };
        assert_eq!(names(&telemetry), ["memory", "prometheus"]);
        assert_eq!(memory.span_count(), 0, "the parent's spans are the parent's");
        drop(open);
        work();
        telemetry.flush(PATIENCE).unwrap();
        let spans = memory.spans();
        assert_eq!(spans.iter().map(|span| &*span.name).collect::<Vec<_>>(), ["work"]);
        let accounting = telemetry.accounting();
        assert_eq!((accounting.started, accounting.taken, accounting.in_flight), (1, 1, 0));
        let text = telemetry.metrics().text().to_owned();
        for line in ["fork_counted_total 1", "fork_level 7", "telemetry_spans_started_total 1"] {
            assert!(text.lines().any(|it| it == line), "{line} is missing in:\n{text}");
        }
        // Nobody serves here, and nobody is waited for.
        drop(server);
        telemetry.shutdown(PATIENCE).unwrap();
        // The child may start what it likes.
        let again = Telemetry::builder().sampler(AlwaysSample).sink(memory.clone()).start().unwrap();
        work();
        assert!(telemetry.flush(PATIENCE).is_err(), "what was inherited has been shut down");
        again.shutdown(PATIENCE).unwrap();
        assert_eq!(memory.span_count(), 2);
    });
    assert!(began.elapsed() < PATIENCE);
    // A child that only counts asks for it; one that does nothing touches nothing.
    in_child(|| {
        COUNTED.add(3);
        resume_after_fork();
        COUNTED.add(2);
        assert!(telemetry.metrics().text().lines().any(|line| line == "fork_counted_total 5"));
    });
    in_child(|| drop(telemetry.shutdown(Duration::ZERO)));
    // The child of a child.
    in_child(|| {
        work();
        in_child(|| {
            work();
            work();
            telemetry.flush(PATIENCE).unwrap();
            assert_eq!((memory.span_count(), telemetry.accounting().started), (2, 2));
        });
        telemetry.flush(PATIENCE).unwrap();
        assert_eq!((memory.span_count(), telemetry.accounting().started), (1, 1));
    });

    // The parent has noticed nothing.
    drop(release);
    drop(step!("behind"));
    telemetry.flush(PATIENCE).unwrap();
    assert!(drained.is_err());
    assert_eq!(telemetry.accounting().started, 3);
    let names: Vec<_> = memory.spans().into_iter().map(|span| span.name).collect();
    assert_eq!(names[0], "work");
    assert!(telemetry.metrics().text().lines().any(|line| line == "fork_counted_total 1"));
}
