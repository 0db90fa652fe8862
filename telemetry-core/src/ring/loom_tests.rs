//! Models of the ring under every interleaving loom finds.
//!
//! Run by `RUSTFLAGS="--cfg loom" cargo test -p telemetry-core --lib --release ring::loom_tests`.

use loom::sync::Arc;
use loom::thread;

use super::*;
use crate::sync::Ordering;

static QUIET: Wake = Wake::new();

/// A ring of four slots in two runs.
fn ring() -> Arc<Ring> {
    let slots: Vec<Slot> = (0..4).map(|_| Slot::new()).collect();
    Arc::new(Ring::new(slots.leak(), &QUIET))
}

fn take(producer: &Producer, ring: &Ring) -> Option<&'static Slot> {
    producer.take().or_else(|| producer.refill(ring).ok())
}

#[allow(unsafe_code, reason = "the model plays the span")]
fn span(slot: &Slot, value: u64) {
    // SAFETY: the slot was just taken by this thread; loom checks that nobody else touches it.
    slot.body.with_mut(|body| unsafe { (*body).start = value });
    slot.owner.store(state::COMPLETE, Ordering::Release);
}

#[allow(unsafe_code, reason = "the model plays the drain")]
fn drain(ring: &Ring) -> usize {
    let mut sweep = Sweep::new();
    sweep.begin(ring);
    let mut taken = 0;
    while sweep.is_open() {
        taken += ring.drain(&mut sweep, 4, |slot| {
            // SAFETY: the slot is complete.
            slot.body.with(|body| assert_ne!(unsafe { (*body).start }, 0));
        });
    }
    taken
}

/// Opens and closes `spans` spans; returns how many got a slot.
fn produce(ring: &Ring, spans: u64) -> usize {
    let producer = ring.join();
    let opened = (1..=spans)
        .filter(|value| match take(producer, ring) {
            Some(slot) => {
                span(slot, *value);
                true
            }
            None => false,
        })
        .count();
    ring.leave(producer);
    opened
}

fn model(preemptions: usize, check: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(check);
}

#[test]
fn two_producers_and_a_drain_conserve_every_span() {
    model(2, || {
        let ring = ring();
        let producers: Vec<_> = (0..2)
            .map(|_| {
                let ring = Arc::clone(&ring);
                thread::spawn(move || produce(&ring, 2))
            })
            .collect();
        let early = drain(&ring);
        let opened: usize = producers.into_iter().map(|producer| producer.join().unwrap()).sum();
        assert_eq!(early + drain(&ring), opened);
        assert_eq!(ring.counts().opened, opened as u64);
        assert_eq!(ring.occupied(), 0);
    });
}

#[test]
fn a_reclaimer_and_the_owner_never_hold_the_same_slot() {
    model(3, || {
        let ring = ring();
        let owner = ring.join();
        // The owner reserves a run of two and uses one; the rest of the ring is taken.
        let mut held = vec![take(owner, &ring).unwrap()];
        let other = ring.join();
        held.push(take(other, &ring).unwrap());
        held.push(take(other, &ring).unwrap());
        let thief = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || take(other, &ring).map(|slot| span(slot, 7)).is_some())
        };
        let got = take(owner, &ring).map(|slot| span(slot, 8)).is_some();
        let stolen = thief.join().unwrap();
        assert!(!(got && stolen), "one slot was left: it went to one of them");
        for slot in held {
            span(slot, 1);
        }
        assert_eq!(drain(&ring), 3 + usize::from(got) + usize::from(stolen));
        assert_eq!(ring.counts().opened, 3 + u64::from(got) + u64::from(stolen));
    });
}

#[test]
fn a_thread_that_ends_while_it_is_reclaimed_from_loses_nothing() {
    model(3, || {
        let ring = ring();
        let leaver = ring.join();
        let held = take(leaver, &ring).unwrap();
        let other = ring.join();
        let more = [take(other, &ring).unwrap(), take(other, &ring).unwrap()];
        let thief = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || take(other, &ring).map(|slot| span(slot, 7)).is_some())
        };
        ring.leave(leaver);
        let stolen = thief.join().unwrap();
        span(held, 1);
        more.iter().for_each(|slot| span(slot, 1));
        assert_eq!(drain(&ring), 3 + usize::from(stolen));
        assert_eq!(ring.counts().opened, 3 + u64::from(stolen));
    });
}

#[test]
fn the_close_takes_back_what_is_reserved() {
    model(3, || {
        let ring = ring();
        let worker = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || produce(&ring, 2))
        };
        ring.close();
        let opened = worker.join().unwrap();
        assert_eq!(drain(&ring), opened);
        let counts = ring.counts();
        assert_eq!(counts.opened + counts.dropped_shutdown + counts.dropped_full, 2);
    });
}
