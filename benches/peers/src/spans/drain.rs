//! The drain's own work, without its threads: the second thread opens the spans, this one takes them as records.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use telemetry_core::Context;
use telemetry_core::testing::Scope;

use super::ours::Ours;
use super::{Mode, System, Work, burst, expected};
use crate::measure::{Contestant, Reading, Role};
use crate::pair::{self, Job};

/// Slots of the scope's ring, more than a burst needs.
const CAPACITY: usize = 4_096;

/// Microseconds to turn `calls` spans into records, out of a ring that another processor has written.
pub(super) fn drained(calls: u64) -> Contestant {
    let (work, mode) = (Work::Plain, Mode::Sampled);
    Ours::select(mode);
    let scope =
        Scope::builder().capacity(CAPACITY).real_clock().enter().expect("a power of two is a capacity");
    let context = Context::root();
    let job: Job = Arc::new(move || context.run(|| burst::<Ours>(work, mode, calls)));
    let ledger = Rc::new(Cell::new((0, 0)));
    let books = Rc::clone(&ledger);
    Contestant {
        name: Ours::NAME.to_owned(),
        role: Role::Ours,
        burst: Box::new(move || {
            pair::elsewhere(&job);
            let began = Instant::now();
            let records = scope.take_spans();
            let spent = began.elapsed();
            let (opened, taken) = books.get();
            books.set((opened + expected::<Ours>(work, mode, calls).spans, taken + records.len() as u64));
            Reading::of(spent.as_secs_f64() * 1e6)
        }),
        check: Box::new(move || match ledger.get() {
            (opened, taken) if opened == taken => Ok(format!("{taken} spans taken")),
            (opened, taken) => Err(format!("expected {opened} spans, took {taken} spans")),
        }),
    }
}
