//! Nothing is lost without being counted.

use std::thread;

use super::*;

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
