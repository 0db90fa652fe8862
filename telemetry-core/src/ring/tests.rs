//! Tests of the ring: a model on one thread, conservation on many.

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

#[test]
fn the_bell_rings_at_a_quarter() {
    static RUNG: AtomicU64 = AtomicU64::new(0);
    static BELL: Wake = Wake::new();
    BELL.set(Some(Box::new(|| {
        RUNG.fetch_add(1, Ordering::Relaxed);
    })));
    let slots: Vec<Slot> = (0..256).map(|_| Slot::new()).collect();
    let ring: &'static Ring = Box::leak(Box::new(Ring::new(slots.leak(), &BELL)));
    let producer = ring.join();
    for index in 0..48 {
        open(take(producer, ring).unwrap(), index);
    }
    assert_eq!(RUNG.load(Ordering::Relaxed), 0);
    open(take(producer, ring).unwrap(), 48);
    assert_eq!(RUNG.load(Ordering::Relaxed), 1);
}

#[test]
fn the_bell_rings_again_for_each_drain_also_with_spans_held_for_long() {
    static RUNG: AtomicU64 = AtomicU64::new(0);
    static BELL: Wake = Wake::new();
    BELL.set(Some(Box::new(|| {
        RUNG.fetch_add(1, Ordering::Relaxed);
    })));
    let slots: Vec<Slot> = (0..256).map(|_| Slot::new()).collect();
    let ring: &'static Ring = Box::leak(Box::new(Ring::new(slots.leak(), &BELL)));
    let producer = ring.join();
    for index in 0..80 {
        open(take(producer, ring).unwrap(), index);
    }
    for round in 1..=10 {
        assert_eq!(RUNG.load(Ordering::Relaxed), round, "once until the drain has come");
        drain(ring, |_| {});
        for index in 0..60 {
            let slot = take(producer, ring).expect("what is held leaves room");
            open(slot, index);
            close(slot);
        }
    }
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

#[test]
fn many_threads_and_a_drain_conserve_every_span() {
    const THREADS: u64 = 8;
    const SPANS: u64 = 20_000;
    for capacity in [256, 1_024, 16_384] {
        let ring = ring(capacity);
        let done = AtomicBool::new(false);
        let (opened, dropped) = (AtomicU64::new(0), AtomicU64::new(0));
        let mut seen = vec![false; (THREADS * SPANS) as usize];
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..THREADS)
                .map(|thread| {
                    let (opened, dropped) = (&opened, &dropped);
                    scope.spawn(move || {
                        let producer = ring.join();
                        let mut open_now = Vec::new();
                        for span in 0..SPANS {
                            match take(producer, ring) {
                                Ok(slot) => {
                                    open(slot, thread * SPANS + span);
                                    open_now.push(slot);
                                    opened.fetch_add(1, Ordering::Relaxed);
                                }
                                Err(_) => {
                                    dropped.fetch_add(1, Ordering::Relaxed);
                                }
                            }
                            // Spans nest three deep and end in an order of their own.
                            if open_now.len() == 3 {
                                close(open_now.remove((span % 3) as usize));
                                close(open_now.remove((span % 2) as usize));
                            }
                        }
                        open_now.into_iter().for_each(close);
                        ring.leave(producer);
                    })
                })
                .collect();
            let (seen, done) = (&mut seen, &done);
            let drainer = scope.spawn(move || {
                let mut taken = 0;
                loop {
                    let last = done.load(Ordering::Acquire);
                    taken += drain(ring, |value| {
                        assert!(!std::mem::replace(&mut seen[value as usize], true), "each span comes once");
                    });
                    if last {
                        return taken;
                    }
                    std::thread::yield_now();
                }
            });
            for worker in workers {
                worker.join().unwrap();
            }
            done.store(true, Ordering::Release);
            let taken = drainer.join().unwrap() as u64;
            assert_eq!(taken, opened.load(Ordering::Relaxed));
        });
        let counts = ring.counts();
        assert_eq!(counts.opened, opened.load(Ordering::Relaxed));
        assert_eq!(counts.dropped_full, dropped.load(Ordering::Relaxed));
        assert_eq!(counts.opened + counts.dropped_full, THREADS * SPANS);
        assert_eq!(ring.occupied(), 0);
    }
}
