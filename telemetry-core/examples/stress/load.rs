//! What the threads do.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use telemetry_core::{Context, Span, SpanGuard};

use crate::books::Ledger;
use crate::contents::{Contents, End};
use crate::random::Random;
use crate::tasks::{Tasks, Yields};

/// The payload of a panic that belongs to the load.
struct Meant;

/// Whether a panic belongs to the load.
pub(crate) fn is_meant(payload: &(dyn Any + Send)) -> bool {
    payload.is::<Meant>() || payload.downcast_ref::<&str>() == Some(&"meant")
}

/// What the threads of a round share.
pub(crate) struct Shared {
    /// The next span's number.
    pub(crate) next: AtomicU64,
    pub(crate) stop: AtomicBool,
    pub(crate) tasks: Tasks,
    /// Guards that may still be forgotten.
    pub(crate) to_forget: AtomicU64,
}

impl Shared {
    pub(crate) fn new(first: u64, to_forget: u64) -> Self {
        Self {
            next: AtomicU64::new(first),
            stop: AtomicBool::new(false),
            tasks: Tasks::default(),
            to_forget: AtomicU64::new(to_forget),
        }
    }
}

/// One thread of the load.
struct Worker {
    shared: Arc<Shared>,
    random: Random,
    ledger: Ledger,
}

/// A thread's life, until it has done enough or the round is over.
pub(crate) fn live(shared: Arc<Shared>, seed: u64) -> Ledger {
    let mut worker = Worker { shared, random: Random::new(seed), ledger: Ledger::default() };
    for _ in 0..worker.random.below(400) {
        if worker.shared.stop.load(Ordering::Relaxed) {
            break;
        }
        worker.act();
    }
    worker.ledger
}

/// The identifier of the current span, which a child of it will name as its parent.
fn current() -> u64 {
    Span::current().context().map_or(0, |context| context.span_id.to_u64())
}

impl Worker {
    fn act(&mut self) {
        match self.random.below(100) {
            0..45 => self.tree(5),
            45..60 => self.burst(),
            60..72 => self.heap(),
            72..82 => self.task(),
            82..92 => _ = catch_unwind(AssertUnwindSafe(|| self.shared.tasks.poll_one())),
            92..93 => self.shared.tasks.give_one_up(),
            93..95 => self.forget(),
            95..98 => self.child_thread(),
            _ => thread::yield_now(),
        }
    }

    /// The next number, of a span that ends in one of these ways.
    fn number(&mut self, ends: &[End]) -> Contents {
        loop {
            let contents = Contents::of(self.shared.next.fetch_add(1, Ordering::Relaxed));
            if ends.contains(&contents.end) {
                return contents;
            }
        }
    }

    /// Opens a span under the current one, or as a root, and writes what it holds.
    fn open(&mut self, contents: &Contents) -> SpanGuard {
        let root = self.random.once_in(8);
        let parent = if root { 0 } else { current() };
        let builder = contents.builder();
        let mut span = if root { builder.root() } else { builder }.enter();
        self.book(contents, span.is_recording());
        contents.write_to(&mut span, parent);
        span
    }

    fn book(&mut self, contents: &Contents, recording: bool) {
        self.ledger.begun += 1;
        if recording {
            self.ledger.recorded.push(contents.who());
        }
    }

    /// Spans within spans; some panic, some are written to when they are over.
    fn tree(&mut self, depth: u64) {
        let contents = self.number(&[End::Well, End::Failed, End::Panicked]);
        let mut handle = None;
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let span = self.open(&contents);
            handle = Some(span.handle());
            for _ in 0..self.random.below(depth + 1) {
                self.tree(depth - 1);
            }
            if contents.end == End::Panicked {
                if self.random.once_in(2) {
                    resume_unwind(Box::new(Meant));
                }
                panic!("meant");
            }
        }));
        assert_eq!(caught.is_err(), contents.end == End::Panicked);
        if let Some(handle) = handle.filter(|handle| handle.is_recording() && self.random.once_in(4)) {
            handle.str("late", "must not be found");
            self.ledger.late += 1;
        }
    }

    /// Many spans, one after another.
    fn burst(&mut self) {
        for _ in 0..self.random.below(300) {
            let contents = self.number(&[End::Well, End::Failed]);
            drop(self.open(&contents));
        }
    }

    /// Many spans at once, ended in any order.
    fn heap(&mut self) {
        let mut open = Vec::new();
        for _ in 0..self.random.below(60) {
            let contents = self.number(&[End::Well, End::Failed]);
            open.push(self.open(&contents));
            if self.random.once_in(3) {
                let at = self.random.below(open.len() as u64) as usize;
                drop(open.swap_remove(at));
            }
        }
        while !open.is_empty() {
            let at = self.random.below(open.len() as u64) as usize;
            drop(open.swap_remove(at));
        }
    }

    /// A span whose guard is never dropped.
    fn forget(&mut self) {
        let left = |count: u64| count.checked_sub(1);
        if self.shared.to_forget.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).is_err() {
            return;
        }
        let contents = self.number(&[End::Well]);
        // What is forgotten stays current: it happens on a thread that ends with it.
        let shared = Arc::clone(&self.shared);
        let seed = self.random.next();
        let context = Context::current();
        let work = move || {
            let mut worker = Worker { shared, random: Random::new(seed), ledger: Ledger::default() };
            let span = worker.open(&contents);
            if span.is_recording() {
                worker.ledger.forgotten.push(contents.who());
            }
            std::mem::forget(span);
            worker.tree(2);
            worker.ledger
        };
        self.ledger.add(thread::spawn(context.wrap(work)).join().expect("the load catches its panics"));
    }

    /// A thread that goes on under the current span.
    fn child_thread(&mut self) {
        let contents = self.number(&[End::Well]);
        let span = self.open(&contents);
        let (shared, seed) = (Arc::clone(&self.shared), self.random.next());
        let work = move || {
            let mut worker = Worker { shared, random: Random::new(seed), ledger: Ledger::default() };
            worker.tree(3);
            worker.burst();
            worker.ledger
        };
        let child = thread::spawn(Context::current().wrap(work));
        self.tree(2);
        drop(span);
        self.ledger.add(child.join().expect("the load catches its panics"));
    }

    /// A future in a span, for any thread to poll.
    fn task(&mut self) {
        let contents = self.number(&[End::Well, End::Failed, End::Panicked]);
        let parent = current();
        let yields = (self.random.below(3), self.random.below(3));
        let mut task = contents.builder().task();
        self.book(&contents, task.is_recording());
        // Entered once already, so that it holds its number however it ends.
        task.in_scope(|| contents.write_through(Span::current(), parent));
        let end = contents.end;
        self.shared.tasks.push(async move {
            let work = async {
                Yields(yields.0).await;
                if end == End::Panicked {
                    resume_unwind(Box::new(Meant));
                }
                Yields(yields.1).await;
            };
            task.run(work).await;
        });
    }
}
