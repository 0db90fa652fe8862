//! Tests of the ring: a model on one thread, conservation on many.

mod bell;
mod load;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use proptest::prelude::*;

use super::*;

static QUIET: Wake = Wake::new();

fn ring(capacity: usize) -> &'static Ring {
    let slots: Vec<Slot> = (0..capacity).map(|_| Slot::new()).collect();
    Box::leak(Box::new(Ring::new(slots.leak(), &QUIET)))
}

fn take(producer: &Producer, ring: &Ring) -> Result<&'static Slot, DropReason> {
    producer.take().map_or_else(|| producer.refill(ring), Ok)
}

#[allow(unsafe_code, reason = "the test plays the span")]
fn open(slot: &Slot, value: u64) {
    assert_eq!(slot.owner.load(Ordering::Relaxed), state::FREE, "a slot is handed out once");
    slot.owner.store(state::DETACHED, Ordering::Relaxed);
    slot.body.with_mut(|body| {
        // SAFETY: the slot was just taken by this thread.
        unsafe {
            (*body).start = value;
            (*body).end = value;
            (*body).attributes = [value as u8; ATTRIBUTE_BYTES];
        }
    });
}

fn close(slot: &Slot) {
    slot.owner.store(state::COMPLETE, Ordering::Release);
}

#[allow(unsafe_code, reason = "the test plays the drain")]
fn value(slot: &Slot) -> u64 {
    slot.body.with(|body| {
        // SAFETY: called by the consumer on a complete slot.
        let body = unsafe { &*body };
        assert_eq!(body.start, body.end, "no torn span");
        assert!(body.attributes.iter().all(|byte| *byte == body.start as u8), "no torn span");
        body.start
    })
}

fn drain(ring: &Ring, mut read: impl FnMut(u64)) -> usize {
    let mut sweep = Sweep::new();
    sweep.begin(ring);
    let mut taken = 0;
    while sweep.is_open() {
        taken += ring.drain(&mut sweep, 64, |slot| read(value(slot)));
    }
    taken
}

#[test]
fn every_slot_can_be_taken_once_and_no_more() {
    let ring = ring(256);
    let producer = ring.join();
    let slots: Vec<_> = (0..256).map(|_| take(producer, ring).unwrap()).collect();
    for (index, slot) in slots.iter().enumerate() {
        open(slot, index as u64);
    }
    assert_eq!(take(producer, ring).err(), Some(DropReason::Full));
    assert_eq!(ring.occupied(), 256);
    for slot in slots {
        close(slot);
    }
    assert_eq!(drain(ring, |_| {}), 256);
    assert_eq!(ring.occupied(), 0);
    assert!(take(producer, ring).is_ok());
}

#[test]
fn an_idle_reservation_makes_no_other_thread_drop() {
    let ring = ring(256);
    let idle = ring.join();
    open(take(idle, ring).unwrap(), 0);
    let busy = ring.join();
    for index in 0..255 {
        open(take(busy, ring).expect("all but one slot is free"), index);
    }
    assert_eq!(take(busy, ring).err(), Some(DropReason::Full));
    assert_eq!(take(idle, ring).err(), Some(DropReason::Full));
    let counts = ring.counts();
    assert_eq!((counts.opened, counts.dropped_full), (256, 2));
}

#[test]
fn a_slot_held_for_long_does_not_make_its_neighbours_drop() {
    let ring = ring(256);
    let producer = ring.join();
    open(take(producer, ring).unwrap(), 0);
    for round in 0..100 {
        for index in 0..255 {
            let slot = take(producer, ring).expect("255 slots are free");
            open(slot, round * 1_000 + index);
            close(slot);
        }
        assert_eq!(drain(ring, |_| {}), 255);
    }
}

#[test]
fn a_thread_that_leaves_gives_its_reservation_and_its_place_back() {
    let ring = ring(256);
    let first = ring.join();
    open(take(first, ring).unwrap(), 0);
    ring.leave(first);
    assert_eq!(ring.occupied(), 1);
    let second = ring.join();
    assert!(std::ptr::eq(first, second), "the place is used again");
    assert_eq!(ring.counts().opened, 1);
}

#[test]
fn counts_go_on_where_the_word_they_share_with_a_reservation_ends() {
    let ring = ring(256);
    let producer = ring.join();
    producer.set((1 << 32) - 2, 0);
    for index in 0..40 {
        open(take(producer, ring).unwrap(), index);
        assert_eq!(ring.counts().opened, (1 << 32) - 1 + index);
    }
    ring.leave(producer);
    assert_eq!(ring.counts().opened, (1 << 32) + 38);
}

#[test]
fn the_close_refuses_every_thread() {
    let ring = ring(256);
    let producer = ring.join();
    open(take(producer, ring).unwrap(), 0);
    ring.close();
    assert_eq!(take(producer, ring).err(), Some(DropReason::AfterShutdown));
    assert_eq!(ring.occupied(), 1, "what was reserved has been given back");
    let counts = ring.counts();
    assert_eq!((counts.opened, counts.dropped_shutdown), (1, 1));
}

/// A step of the model: which thread does what.
#[derive(Clone, Debug)]
enum Step {
    Open(usize),
    Close(usize),
    Leave(usize),
    Drain,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..4_usize).prop_map(Step::Open),
        4 => (0..256_usize).prop_map(Step::Close),
        1 => (0..4_usize).prop_map(Step::Leave),
        1 => Just(Step::Drain),
    ];
    prop::collection::vec(step, 0..1_500)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever several producers do in turn, the ring holds what a plain map would.
    #[test]
    fn the_ring_agrees_with_a_map(steps in steps()) {
        let ring = ring(256);
        let mut places: Vec<Option<&'static Producer>> = vec![None; 4];
        let mut held: Vec<(&'static Slot, u64)> = Vec::new();
        let mut closed: HashSet<u64> = HashSet::new();
        let (mut next, mut refused) = (1, 0);
        for step in steps {
            match step {
                Step::Open(place) => {
                    let producer = *places[place].get_or_insert_with(|| ring.join());
                    match take(producer, ring) {
                        Ok(slot) => {
                            open(slot, next);
                            held.push((slot, next));
                        }
                        Err(_) => {
                            refused += 1;
                            prop_assert_eq!(held.len() + closed.len(), 256, "only a full ring refuses");
                        }
                    }
                    next += 1;
                }
                Step::Close(index) if !held.is_empty() => {
                    let (slot, value) = held.swap_remove(index % held.len());
                    close(slot);
                    closed.insert(value);
                }
                Step::Close(_) => {}
                Step::Leave(place) => {
                    if let Some(producer) = places[place].take() {
                        ring.leave(producer);
                    }
                }
                Step::Drain => {
                    let mut seen = Vec::new();
                    drain(ring, |value| seen.push(value));
                    for value in seen {
                        prop_assert!(closed.remove(&value), "each closed span comes once");
                    }
                    prop_assert!(closed.is_empty(), "all closed spans come");
                }
            }
        }
        let counts = ring.counts();
        prop_assert_eq!(counts.opened + counts.dropped_full, next - 1);
        prop_assert_eq!(counts.dropped_full, refused);
    }
}
