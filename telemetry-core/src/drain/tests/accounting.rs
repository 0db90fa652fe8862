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
