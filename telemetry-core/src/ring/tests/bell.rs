//! The bell: when the drain is woken.

use super::*;

/// A ring of 256 slots with a bell of its own, and how often that was rung.
fn with_bell() -> (&'static Ring, &'static Wake, &'static AtomicU64) {
    let rung: &'static AtomicU64 = Box::leak(Box::new(AtomicU64::new(0)));
    let bell: &'static Wake = Box::leak(Box::new(Wake::new()));
    hang(bell, rung);
    let slots: Vec<Slot> = (0..256).map(|_| Slot::new()).collect();
    (Box::leak(Box::new(Ring::new(slots.leak(), bell))), bell, rung)
}

fn hang(bell: &Wake, rung: &'static AtomicU64) {
    bell.set(Some(Box::new(|| {
        rung.fetch_add(1, Ordering::Relaxed);
    })));
}

#[test]
fn the_bell_rings_at_a_quarter() {
    let (ring, _, rung) = with_bell();
    let producer = ring.join();
    for index in 0..48 {
        open(take(producer, ring).unwrap(), index);
    }
    assert_eq!(rung.load(Ordering::Relaxed), 0);
    open(take(producer, ring).unwrap(), 48);
    assert_eq!(rung.load(Ordering::Relaxed), 1);
}

#[test]
fn the_bell_rings_again_for_each_drain_also_with_spans_held_for_long() {
    let (ring, _, rung) = with_bell();
    let producer = ring.join();
    for index in 0..80 {
        open(take(producer, ring).unwrap(), index);
    }
    for round in 1..=10 {
        assert_eq!(rung.load(Ordering::Relaxed), round, "once until the drain has come");
        drain(ring, |_| {});
        for index in 0..60 {
            let slot = take(producer, ring).expect("what is held leaves room");
            open(slot, index);
            close(slot);
        }
    }
}
