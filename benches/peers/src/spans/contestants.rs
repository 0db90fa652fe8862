//! Tracing systems as contestants: bursts, and what of them is the figure.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use super::{CALLS_PER_TRACE, Mode, System, Tally, Work, burst, expected};
use crate::clock;
use crate::measure::{Contestant, Reading, Role};
use crate::pair::{self, Job};

/// Calls of a burst: what our ring and every peer's queue hold, too few to wake anybody's collector early.
const BURST: u64 = 4_000;
/// Asynchronous calls of a burst: fastrace sends several commands for each, and its queue wakes its collector when it
/// is half full.
const BURST_OF_FUTURES: u64 = 1_000;
/// Calls of each of two threads, which together are a burst.
const BURST_OF_EACH: u64 = 1_900;
/// Calls of a burst whose handing over is the figure.
pub(super) const BURST_TO_HAND_OVER: u64 = 1_000;

/// Nanoseconds a call, on one thread.
pub(super) fn single<S: System>(role: Role, work: Work, mode: Mode) -> Contestant {
    let calls = if work == Work::Asynchronous { BURST_OF_FUTURES } else { BURST };
    contestant::<S>(role, Ledger::balance, move |ledger| {
        S::select(mode);
        let spent = ledger.book::<S, _>(expected::<S>(work, mode, calls), || {
            let began = Instant::now();
            burst::<S>(work, mode, calls);
            began.elapsed()
        });
        Reading::of(spent.as_nanos() as f64 / spans_of(work, calls) as f64)
    })
}

/// Nanoseconds a recorded span on two threads together, and on one alone.
pub(super) fn paired<S: System>(role: Role) -> Contestant {
    let (work, mode) = (Work::Plain, Mode::Sampled);
    let job: Job = Arc::new(move || burst::<S>(work, mode, BURST_OF_EACH));
    let measured = move |ledger: &Ledger, threads: u64| {
        let mut opened = Tally::default();
        (0..threads).for_each(|_| opened += expected::<S>(work, mode, BURST_OF_EACH));
        let lost = ledger.lost();
        let spent = ledger.book::<S, _>(opened, || {
            let began = Instant::now();
            if threads == 2 {
                return pair::both(&job);
            }
            job();
            began.elapsed()
        });
        let recorded = (threads * BURST_OF_EACH).saturating_sub(ledger.lost() - lost).max(1);
        spent.as_nanos() as f64 / recorded as f64
    };
    contestant::<S>(role, Ledger::losses, move |ledger| {
        S::select(mode);
        let alone = measured(ledger, 1);
        Reading { figure: measured(ledger, 2), alone: Some(alone) }
    })
}

/// Nanoseconds of processor time a span, in all threads together, until it has been received.
pub(super) fn processor<S: System>(role: Role) -> Contestant {
    let (work, mode) = (Work::Plain, Mode::Sampled);
    contestant::<S>(role, Ledger::balance, move |ledger| {
        S::select(mode);
        let spent = ledger.book::<S, _>(expected::<S>(work, mode, BURST), || {
            let before = clock::process_nanos();
            burst::<S>(work, mode, BURST);
            S::settle();
            clock::process_nanos() - before
        });
        Reading::of(spent as f64 / BURST as f64)
    })
}

/// Microseconds from the demand to hand over 1,000 spans until they have been received.
pub(super) fn handed_over<S: System>(role: Role) -> Contestant {
    let (work, mode) = (Work::Plain, Mode::Sampled);
    contestant::<S>(role, Ledger::balance, move |ledger| {
        S::select(mode);
        let spent = ledger.book::<S, _>(expected::<S>(work, mode, BURST_TO_HAND_OVER), || {
            burst::<S>(work, mode, BURST_TO_HAND_OVER);
            let began = Instant::now();
            S::settle();
            began.elapsed()
        });
        Reading::of(spent.as_secs_f64() * 1e6)
    })
}

fn contestant<S: System>(
    role: Role,
    check: impl Fn(&Ledger) -> Result<String, String> + 'static,
    burst: impl Fn(&Ledger) -> Reading + 'static,
) -> Contestant {
    let ledger = Rc::new(Ledger::default());
    let books = Rc::clone(&ledger);
    Contestant {
        name: S::NAME.to_owned(),
        role,
        burst: Box::new(move || burst(&books)),
        check: Box::new(move || check(&ledger)),
    }
}

/// What the calls of a burst are divided by: the tree's burst is as many whole trees as fit.
const fn spans_of(work: Work, calls: u64) -> u64 {
    match work {
        Work::Tree => calls / super::TREE * super::TREE,
        _ => calls,
    }
}

/// What a contestant has opened in its case, held against what was received.
#[derive(Default)]
struct Ledger {
    opened: Cell<Tally>,
    received: Cell<Tally>,
}

impl Ledger {
    /// Runs what opens spans, lets them be handed over, and books both sides.
    fn book<S: System, R>(&self, opened: Tally, run: impl FnOnce() -> R) -> R {
        let before = S::received();
        let result = run();
        S::settle();
        let add = |to: &Cell<Tally>, tally: Tally| {
            let mut sum = to.get();
            sum += tally;
            to.set(sum);
        };
        add(&self.opened, opened);
        add(&self.received, S::received() - before);
        result
    }

    fn lost(&self) -> u64 {
        self.opened.get().spans.saturating_sub(self.received.get().spans)
    }

    /// All that was opened has been received, and nothing else.
    fn balance(&self) -> Result<String, String> {
        let (opened, received) = (self.opened.get(), self.received.get());
        if opened == received {
            Ok(format!("{received} received"))
        } else {
            Err(format!("expected {opened}, received {received}"))
        }
    }

    /// Most of what was opened has been received, and what was lost is counted.
    fn losses(&self) -> Result<String, String> {
        let (opened, received) = (self.opened.get(), self.received.get());
        if received.spans > opened.spans || received.spans < opened.spans / 2 {
            return Err(format!("expected {opened}, received {received}"));
        }
        Ok(format!("{received} received, {} lost", self.lost()))
    }
}

const _: () = assert!(BURST.is_multiple_of(CALLS_PER_TRACE), "traces of a burst are equally long");
