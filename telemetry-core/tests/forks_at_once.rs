//! Two threads that fork at the same time: each child has the sinks.
//!
//! One test in a program of its own, since it forks.
#![cfg(unix)]
#![allow(unsafe_code, reason = "the standard library cannot fork")]

#[path = "support/child.rs"]
mod child;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use child::in_child;
use telemetry_core::metric::snapshot::MetricsSnapshot;
use telemetry_core::record::SpanRecord;
use telemetry_core::sink::{AfterFork, Sink, SinkError};
use telemetry_core::{AlwaysSample, Telemetry, span};

const PATIENCE: Duration = Duration::from_secs(30);

/// Says when it is to let go of what cannot be shared, and is not done with that before it is told, the first time.
struct Slow {
    asked: Sender<()>,
    release: Mutex<Option<Receiver<()>>>,
    exported: usize,
}

impl Sink for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }

    fn export_spans(&mut self, spans: &[SpanRecord]) -> Result<(), SinkError> {
        self.exported += spans.len();
        Ok(())
    }

    fn export_metrics(&mut self, _: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        Ok(())
    }

    fn before_fork(&mut self) {
        self.asked.send(()).unwrap();
        if let Some(release) = self.release.lock().unwrap().take() {
            let _ = release.recv();
        }
    }

    fn after_fork(&mut self) -> AfterFork {
        AfterFork::Keep
    }
}

#[span]
fn work() {}

#[test]
fn each_of_two_children_that_are_forked_at_once_has_the_sinks() {
    let (asked, is_asked) = channel();
    let (release, released) = channel::<()>();
    let slow = Slow { asked, release: Mutex::new(Some(released)), exported: 0 };
    let telemetry = Arc::new(
        Telemetry::builder()
            .sampler(AlwaysSample)
            .drain_interval(Duration::from_secs(300))
            .sink(slow)
            .start()
            .unwrap(),
    );
    let fork = || {
        let telemetry = Arc::clone(&telemetry);
        thread::spawn(move || {
            in_child(|| {
                work();
                let deliveries = telemetry.flush(PATIENCE).unwrap();
                assert_eq!(deliveries.len(), 1, "the sink is there");
                assert_eq!(telemetry.accounting().dropped(), 0);
            });
        })
    };
    let first = fork();
    is_asked.recv().unwrap();
    let second = fork();
    // The second waits for the first: it does not find the sink in the middle of letting go.
    assert!(is_asked.recv_timeout(Duration::from_millis(200)).is_err());
    drop(release);
    first.join().unwrap();
    second.join().unwrap();
    is_asked.recv().unwrap();
}
