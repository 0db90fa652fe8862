//! The bell: when the drain is woken.

use std::sync::mpsc::channel;
use std::sync::{Mutex, PoisonError};

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

#[test]
fn a_knock_while_the_bell_is_being_rung_is_not_the_last() {
    let (ring, bell, rung) = with_bell();
    let (ringing, is_ringing) = channel();
    let (release, released) = channel();
    let released = Mutex::new(released);
    bell.set(Some(Box::new(move || {
        if rung.fetch_add(1, Ordering::Relaxed) == 0 {
            ringing.send(()).unwrap();
            released.lock().unwrap_or_else(PoisonError::into_inner).recv().unwrap();
        }
    })));
    let ringer = std::thread::spawn(move || {
        let producer = ring.join();
        (0..64).for_each(|index| open(take(producer, ring).unwrap(), index));
    });
    is_ringing.recv().unwrap();
    // The drain has come for the first knock; the ring fills again while the ringer still has the bell.
    drain(ring, |_| {});
    let producer = ring.join();
    (0..64).for_each(|index| open(take(producer, ring).unwrap(), index));
    assert_eq!(rung.load(Ordering::Relaxed), 1);
    release.send(()).unwrap();
    ringer.join().unwrap();
    (0..16).for_each(|index| open(take(producer, ring).unwrap(), index));
    assert_eq!(rung.load(Ordering::Relaxed), 2);
}

#[test]
fn a_ring_that_is_opened_again_knocks_at_its_new_drain() {
    let (ring, bell, rung) = with_bell();
    bell.set(None);
    let producer = ring.join();
    // Knocks while there is no drain.
    (0..64).for_each(|index| open(take(producer, ring).unwrap(), index));
    ring.close();
    hang(bell, rung);
    ring.reopen();
    (0..16).for_each(|index| open(take(producer, ring).unwrap(), index));
    assert_eq!(rung.load(Ordering::Relaxed), 1);
}
