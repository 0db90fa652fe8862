//! Models of the ring under every interleaving loom finds, stale values included.
//!
//! Run by `RUSTFLAGS="--cfg loom" cargo test -p telemetry-core --lib --release ring::loom_tests`.
//!
//! Runs have four slots here, rings one run (a ring of four) or two. A model says how many preemptions it allows: every
//! interleaving with so many forced switches is looked at, beside those where threads wait or end. More would take
//! longer than it is worth.
//!
//! `membarrier` is modelled by what the kernel says it does (`barrier/model.rs`). Where nobody reclaims or closes, models
//! go without it ([`bare`]), and show what the Acquires and Releases do by themselves.
//!
//! In every model, loom itself checks one writer a slot: the body lies in a watched cell. [`finish`] checks that every
//! slot is in one place at the end, and that what was counted is what the threads saw.

mod closing;
mod flow;
mod protocol;
mod reclaiming;

use std::ops::Deref;
use std::ptr;

use loom::sync::Arc;
use loom::thread;

use super::barrier::model::{STAND, Stand};
use super::consumer::Counts;
use super::*;
use crate::sync::Ordering;

/// A ring that is freed with its slots and places when the last thread of a model has let go of it: a model runs some
/// hundred thousand times.
struct Owned(Ring);

impl Deref for Owned {
    type Target = Ring;

    fn deref(&self) -> &Ring {
        &self.0
    }
}

impl Drop for Owned {
    #[allow(unsafe_code, reason = "what a real ring keeps for ever is freed")]
    fn drop(&mut self) {
        let places: Vec<_> = self.0.places().map(|place| ptr::from_ref(place).cast_mut()).collect();
        let slots = ptr::from_ref(self.0.slots).cast_mut();
        // SAFETY: places and slots came out of boxes (`Ring::join`, `ring`), and no thread has the ring any more.
        unsafe {
            places.into_iter().for_each(|place| drop(Box::from_raw(place)));
            drop(Box::from_raw(slots));
        }
    }
}

/// A ring of `slots` slots in runs of four. Its bell is its own: models that run beside this one must not be heard.
fn ring(slots: usize) -> Arc<Owned> {
    let slots: Box<[Slot]> = (0..slots).map(|_| Slot::new()).collect();
    Arc::new(Owned(Ring::new(Box::leak(slots), Box::leak(Box::new(Wake::new())))))
}

/// Runs `check` in every interleaving with at most so many preemptions.
fn model(preemptions: usize, check: impl Fn() + Sync + Send + 'static) {
    model_where(Stand::Membarrier, preemptions, check);
}

/// … without barriers, where nobody reclaims and nobody closes the ring.
fn bare(preemptions: usize, check: impl Fn() + Sync + Send + 'static) {
    model_where(Stand::Nothing, preemptions, check);
}

/// … on a system without `membarrier`.
fn without_membarrier(preemptions: usize, check: impl Fn() + Sync + Send + 'static) {
    model_where(Stand::Missing, preemptions, check);
}

fn model_where(stand: Stand, preemptions: usize, check: impl Fn() + Sync + Send + 'static) {
    STAND.set(stand);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.max_branches = 10_000;
    builder.check(check);
}

/// Opens a span; nobody else may have the slot.
fn take(producer: &Producer, ring: &Ring) -> Result<&'static Slot, DropReason> {
    let slot = producer.take().map_or_else(|| producer.refill(ring), Ok)?;
    assert_eq!(slot.owner.load(Ordering::Relaxed), state::FREE, "a slot is handed out once");
    slot.owner.store(state::DETACHED, Ordering::Relaxed);
    Ok(slot)
}

/// Writes and closes a span.
#[allow(unsafe_code, reason = "the model plays the span")]
fn close(slot: &Slot, value: u64) {
    // SAFETY: the slot was taken by this thread; loom checks that nobody else touches it.
    slot.body.with_mut(|body| unsafe {
        (*body).start = value;
        (*body).end = value;
    });
    slot.owner.store(state::COMPLETE, Ordering::Release);
}

/// Opens and closes one span for each value; returns the values that got a slot.
fn spans(producer: &Producer, ring: &Ring, values: impl IntoIterator<Item = u64>) -> Vec<u64> {
    let mut opened = Vec::new();
    for value in values {
        if let Ok(slot) = take(producer, ring) {
            close(slot, value);
            opened.push(value);
        }
    }
    opened
}

/// A thread's whole life: joins, opens and closes spans, leaves.
fn produce(ring: &Ring, values: impl IntoIterator<Item = u64>) -> Vec<u64> {
    let producer = ring.join();
    let opened = spans(producer, ring, values);
    ring.leave(producer);
    opened
}

/// One pass of the drain: the values of the spans it found.
#[allow(unsafe_code, reason = "the model plays the drain")]
fn drain(ring: &Ring) -> Vec<u64> {
    let mut sweep = Sweep::new();
    sweep.begin(ring);
    let mut values = Vec::new();
    while sweep.is_open() {
        ring.drain(&mut sweep, 4, |slot| {
            // SAFETY: the slot is complete.
            let (start, end) = slot.body.with(|body| unsafe { ((*body).start, (*body).end) });
            assert_eq!(start, end, "no torn span");
            values.push(start);
        });
    }
    values
}

/// When all threads have ended and left: drains the rest and checks that `drained` and it are the spans opened, each
/// once, that the ring counted `attempts` spans, and that every slot is free again.
fn finish(ring: &Ring, mut drained: Vec<u64>, mut opened: Vec<u64>, attempts: u64) -> Counts {
    drained.extend(drain(ring));
    drained.sort_unstable();
    opened.sort_unstable();
    assert_eq!(drained, opened, "every span comes out once, whole");
    let counts = ring.counts();
    assert_eq!(counts.opened, opened.len() as u64, "opened spans are counted");
    assert_eq!(counts.started(), attempts, "every span begun is counted once");
    let free: u32 = ring.free.iter().map(|run| run.0.load(Ordering::Relaxed).count_ones()).sum();
    assert_eq!((free as usize, ring.occupied()), (ring.capacity(), 0), "no slot is lost");
    counts
}
