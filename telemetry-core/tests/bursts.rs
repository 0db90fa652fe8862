//! A burst of three quarters of the ring, at the default interval and with the default ring, from however many threads and
//! with idle ones beside them: nothing is lost.
//!
//! One test in a program of its own: it measures its own pipeline.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use telemetry_core::metric::snapshot::MetricsSnapshot;
use telemetry_core::record::SpanRecord;
use telemetry_core::sink::{Sink, SinkError};
use telemetry_core::{AlwaysSample, Telemetry, ring, span};

const PATIENCE: Duration = Duration::from_secs(60);
/// Threads that have opened a span, and hold what they reserved.
const IDLE: usize = 16;

#[span]
fn work() {}

/// Counts spans.
struct Counting(Arc<AtomicU64>);

impl Sink for Counting {
    fn name(&self) -> &'static str {
        "counting"
    }

    fn export_spans(&mut self, spans: &[SpanRecord]) -> Result<(), SinkError> {
        self.0.fetch_add(spans.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    fn export_metrics(&mut self, _: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        Ok(())
    }
}

#[test]
fn a_burst_of_three_quarters_of_the_ring_is_never_lost() {
    let received = Arc::new(AtomicU64::new(0));
    let telemetry =
        Telemetry::builder().sampler(AlwaysSample).sink(Counting(Arc::clone(&received))).start().unwrap();
    let burst = ring().capacity() / 4 * 3;
    let mut recorded = 0;
    let (ready, over) = (Barrier::new(IDLE + 1), Barrier::new(IDLE + 1));
    thread::scope(|scope| {
        for _ in 0..IDLE {
            scope.spawn(|| {
                work();
                ready.wait();
                over.wait();
            });
        }
        ready.wait();
        recorded += IDLE;
        for threads in [1, 2, 3, 8, 32, 1, 16] {
            telemetry.drain_now(PATIENCE).unwrap();
            let begin = Barrier::new(threads);
            thread::scope(|burst_scope| {
                for _ in 0..threads {
                    burst_scope.spawn(|| {
                        begin.wait();
                        (0..burst / threads).for_each(|_| work());
                    });
                }
            });
            recorded += burst / threads * threads;
            let accounting = telemetry.accounting();
            assert_eq!((accounting.started, accounting.dropped()), (recorded as u64, 0), "{threads} threads");
        }
        over.wait();
    });
    telemetry.shutdown(PATIENCE).unwrap();
    assert_eq!(received.load(Ordering::Relaxed), recorded as u64);
}
