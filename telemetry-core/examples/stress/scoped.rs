//! A round in an isolated scope.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use telemetry_core::Context;
use telemetry_core::testing::Scope;

use crate::books::{Found, Ledger, Totals, balance};
use crate::load::{Shared, live};
use crate::random::Random;

/// Runs a round.
pub(crate) fn round(random: &mut Random, totals: &mut Totals) {
    let capacity = 256 << random.below(8);
    // A ring with spans in flight is kept for ever, so only small ones have some.
    let to_forget = if capacity <= 512 && random.once_in(4) { random.below(8) } else { 0 };
    let (toggles, closes) = (random.once_in(3), random.once_in(3));
    let scope = Scope::builder().capacity(capacity).real_clock().seed(1 + random.below(1 << 20)).enter();
    let scope = scope.expect("the capacity is a power of two");
    let shared = Arc::new(Shared::new(1, to_forget));
    let mut threads = Threads::new(random);
    let (mut found, mut on) = (Found::default(), true);
    let end = Instant::now() + Duration::from_millis(20 + random.below(200));
    while Instant::now() < end {
        threads.keep_busy(random, &shared, Context::current());
        match random.below(12) {
            0..6 => found.take(&scope.take_spans()),
            6 if toggles => {
                on = !on;
                if on { scope.enable() } else { scope.disable() }
            }
            7 if closes && random.once_in(20) => scope.close(),
            8 => {
                let accounting = scope.accounting();
                let gone = accounting.taken + accounting.in_flight + accounting.dropped();
                assert_eq!(accounting.started, gone, "at any time: {accounting:?}");
            }
            _ => std::thread::yield_now(),
        }
    }
    let ledger = threads.end(&shared);
    if random.once_in(2) {
        scope.close();
    }
    found.take(&scope.take_spans());
    let accounting = scope.accounting();
    balance(&accounting, &ledger, !toggles);
    assert_eq!(accounting.taken, found.len());
    found.check(&ledger, 0);
    let occupied = (scope.ring().occupancy() * capacity as f64).round() as u64;
    assert_eq!(occupied, accounting.in_flight, "slots that nobody has: {accounting:?}");
    totals.add(&accounting, &ledger);
}

/// The threads of a round, some at a time.
pub(crate) struct Threads {
    at_once: usize,
    running: Vec<JoinHandle<Ledger>>,
    ledger: Ledger,
}

impl Threads {
    pub(crate) fn new(random: &mut Random) -> Self {
        let at_once = if random.once_in(8) { 64 } else { 1 + random.below(12) as usize };
        Self { at_once, running: Vec::new(), ledger: Ledger::default() }
    }

    /// Buries threads that have ended, and starts others in their stead.
    pub(crate) fn keep_busy(&mut self, random: &mut Random, shared: &Arc<Shared>, context: Context) {
        let mut index = 0;
        while index < self.running.len() {
            if self.running[index].is_finished() {
                self.bury(index);
            } else {
                index += 1;
            }
        }
        while self.running.len() < self.at_once {
            let (shared, seed) = (Arc::clone(shared), random.next());
            let life = context.wrap(move || live(shared, seed));
            self.running.push(std::thread::spawn(life));
        }
    }

    /// Ends the load; returns the books of all threads there were.
    pub(crate) fn end(mut self, shared: &Shared) -> Ledger {
        shared.stop.store(true, Ordering::Relaxed);
        while !self.running.is_empty() {
            self.bury(0);
        }
        shared.tasks.clear();
        self.ledger
    }

    fn bury(&mut self, index: usize) {
        let life = self.running.swap_remove(index).join();
        self.ledger.add(life.expect("the load catches its panics"));
    }
}
