//! Nothing is lost without being counted.

use std::thread;

use super::*;
use crate::sink::{LossReason, Losses};

#[test]
fn taken_is_delivered_and_dropped_and_queued_under_stress() {
    const PRODUCERS: u64 = 4;
    const ROUNDS: u64 = 200;
    const SPANS: u64 = 37;
    let rig = Rig::with(|options| {
        options.interval = Duration::from_millis(10);
        options.batch_spans = 16;
        options.queue_batches = 2;
    });
    let (healthy, received) = counting("healthy");
    let (stuck, release, arrived) = blocking("stuck");
    let mut calls = 0_u32;
    rig.drain.add_sink(healthy).unwrap();
    rig.drain.add_sink(stuck).unwrap();
    rig.drain
        .add_sink(ClosureSink::boxed("moody", move |_| {
            calls += 1;
            match calls % 3 {
                0 => Ok(()),
                1 => Err(SinkError::Refused("no".to_owned())),
                _ => panic!("mood"),
            }
        }))
        .unwrap();
    thread::scope(|scope| {
        for _ in 0..PRODUCERS {
            scope.spawn(|| {
                let waker = rig.drain.waker();
                for _ in 0..ROUNDS {
                    rig.source.put(SPANS);
                    waker.wake();
                    for figures in rig.drain.figures() {
                        assert_conserved(&figures, figures.taken);
                    }
                }
            });
        }
    });
    arrived.recv().unwrap();
    drop(release);
    let _ = rig.drain.shutdown(AMPLE);
    let taken = rig.source.taken.load(Ordering::Relaxed);
    assert_eq!(taken, PRODUCERS * ROUNDS * SPANS);
    for figures in rig.drain.figures() {
        assert_conserved(&figures, taken);
        assert_eq!(figures.queued, 0);
    }
    assert_eq!(rig.figures("healthy").delivered, received.load(Ordering::Relaxed));
}

#[test]
fn a_batch_lost_in_part_is_delivered_for_the_rest() {
    let rig = Rig::new();
    let lossy = |spans: &[SpanRecord]| {
        let mut losses = Losses::default();
        losses.add(LossReason::Refused, 3, "not valid");
        losses.add(LossReason::GivenUp, 4, "nobody there");
        // More than there are left: a sink that counts wrongly must not break the accounting.
        losses.add(LossReason::TooLarge, if spans.len() > 10 { 0 } else { 100 }, "too large");
        losses.into_result()
    };
    rig.drain.add_sink(ClosureSink::boxed("lossy", lossy)).unwrap();
    let error = rig.round(20).unwrap_err().to_string();
    assert!(
        error.contains(
            "lossy failed (could not export spans in full: 7 were not delivered: not valid; nobody there)"
        ),
        "{error}"
    );
    rig.round(10).unwrap_err();
    let figures = rig.figures("lossy");
    assert_conserved(&figures, 30);
    assert_eq!((figures.delivered, figures.errors), (13, 2));
    let dropped: Vec<_> = figures.dropped_by_reason().filter(|(_, spans)| *spans > 0).collect();
    assert_eq!(dropped, [("refused", 6), ("given_up", 8), ("too_large", 3)]);
}

/// Holds spans until it is flushed, and loses some of them then, or all.
struct Holding {
    held: u64,
    lost: Option<u64>,
}

impl Sink for Holding {
    fn name(&self) -> &'static str {
        "holding"
    }

    fn export_spans(&mut self, spans: &[SpanRecord]) -> Result<(), SinkError> {
        self.held += spans.len() as u64;
        Ok(())
    }

    fn export_metrics(&mut self, _: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        Ok(())
    }

    fn held(&self) -> u64 {
        self.held
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.held = 0;
        let Some(lost) = self.lost.replace(0) else { return Err(SinkError::Refused("all of it".to_owned())) };
        let mut losses = Losses::default();
        losses.add(LossReason::GivenUp, lost, "some of it");
        losses.into_result()
    }
}

#[test]
fn what_a_sink_holds_is_queued_until_it_is_delivered_or_lost() {
    for (lost, dropped) in [(Some(3), 3), (Some(0), 0), (None, 20)] {
        let rig = Rig::new();
        rig.drain.add_sink(Box::new(Holding { held: 0, lost })).unwrap();
        rig.round(12).unwrap();
        rig.round(8).unwrap();
        let figures = rig.figures("holding");
        assert_eq!((figures.queued, figures.delivered), (20, 0));
        assert_conserved(&figures, 20);
        assert_eq!(rig.drain.flush(AMPLE).is_ok(), dropped == 0);
        let figures = rig.figures("holding");
        assert_eq!((figures.queued, figures.dropped_total()), (0, dropped));
        assert_conserved(&figures, 20);
    }
}
