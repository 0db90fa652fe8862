//! Guards, contexts and polls left in any order whatever, against a model of what must be current after each step.
//!
//! Twice: in a test's scope, where every span takes the slow path, and on the pipeline of the process, where children
//! take the fast one. One test in a program of its own: there is one such pipeline, and a scope changes its gates.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::slice::Iter;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use telemetry_core::sink::MemorySink;
use telemetry_core::testing::Scope;
use telemetry_core::{
    CallSite, Context, ContextGuard, Decision, Origin, Sampler, SamplingParameters, Site, Span, SpanBuilder,
    SpanGuard, SpanId, SpanKind, TaskSpan, Telemetry, step,
};

const PATIENCE: Duration = Duration::from_secs(20);
const UNSAMPLED: &str = "unsampled";
static ORIGIN: Origin =
    Origin { crate_name: "tests", crate_version: "0", module: "disorder", file: "disorder.rs" };

const fn site(name: &'static str) -> CallSite {
    CallSite::new(Site {
        name,
        kind: SpanKind::Internal,
        keys: &[],
        constants: &[],
        origin: &ORIGIN,
        line: 1,
    })
}

static CHILD: CallSite = site("child");
static ROOT: CallSite = site("root");
static LOST: CallSite = site(UNSAMPLED);

/// One step; numbers choose among what there is.
#[derive(Clone, Copy, Debug)]
enum Op {
    Child,
    Root,
    Unsampled,
    /// A child of the current span, by its identifiers.
    Under,
    Attach,
    AttachRoot,
    Task,
    TaskRoot,
    TaskUnder,
    Drop(usize),
    /// Polls a task: what follows, up to the end of the poll, happens inside.
    Poll(usize),
    Pending,
    Unwind,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => Just(Op::Child),
        2 => Just(Op::Root),
        1 => Just(Op::Unsampled),
        1 => Just(Op::Under),
        2 => Just(Op::Attach),
        1 => Just(Op::AttachRoot),
        2 => Just(Op::Task),
        1 => Just(Op::TaskRoot),
        1 => Just(Op::TaskUnder),
        8 => any::<usize>().prop_map(Op::Drop),
        4 => any::<usize>().prop_map(Op::Poll),
        3 => Just(Op::Pending),
        1 => Just(Op::Unwind),
    ]
}

/// Drops spans of this name.
struct ByName;

impl Sampler for ByName {
    fn sample(&self, parameters: &SamplingParameters<'_>) -> Decision {
        if parameters.name == UNSAMPLED { Decision::Drop } else { Decision::Record }
    }
}

enum Item {
    Guard(#[allow(dead_code, reason = "kept for its end")] SpanGuard),
    Context(#[allow(dead_code, reason = "kept for its end")] ContextGuard),
    Task(TaskSpan),
}

/// What has been entered and not been left, from the outermost to the innermost.
struct Entry {
    key: usize,
    /// The span that is current inside.
    span: Option<SpanId>,
    /// Of a context: whether its guard has been dropped.
    context: Option<bool>,
}

#[derive(Default)]
struct World {
    items: Vec<(usize, Item)>,
    stack: Vec<Entry>,
    /// The polls that are under way.
    polls: Vec<usize>,
    keys: usize,
}

fn current() -> Option<SpanId> {
    Span::current().context().map(|context| context.span_id)
}

impl World {
    fn key(&mut self) -> usize {
        self.keys += 1;
        self.keys
    }

    fn push(&mut self, item: Item) {
        let key = self.key();
        let context = matches!(item, Item::Context(_)).then_some(false);
        // Under a trace that is not recorded nothing opens, so nothing is entered.
        let opened = match &item {
            Item::Guard(guard) => guard.handle().context().map(|context| context.span_id) != self.expected(),
            Item::Context(_) => true,
            Item::Task(_) => false,
        };
        if opened {
            self.stack.push(Entry { key, span: current(), context });
        }
        self.items.push((key, item));
    }

    fn take(&mut self, number: usize) -> Option<(usize, Item)> {
        let count = self.items.len();
        let at = (count != 0).then(|| number % count)?;
        // Inside a poll, a trace that is not recorded is not told from the same one around it, and a context around it
        // may be left at once or with it.
        let stays = match &self.items[at] {
            (_, Item::Guard(guard)) => !guard.is_recording(),
            (key, Item::Context(_)) => self.is_around_a_poll(*key),
            (_, Item::Task(_)) => false,
        };
        (!stays || self.polls.is_empty()).then(|| self.items.swap_remove(at))
    }

    fn is_around_a_poll(&self, key: usize) -> bool {
        let place = |key| self.stack.iter().position(|entry| entry.key == key);
        place(key).is_some_and(|at| self.polls.iter().any(|poll| place(*poll) > Some(at)))
    }

    /// A task, and its place among the items.
    fn take_task(&mut self, number: usize) -> Option<(usize, TaskSpan)> {
        let is_task = |(_, item): &&(usize, Item)| matches!(item, Item::Task(_));
        let count = self.items.iter().filter(is_task).count();
        let nth = (count != 0).then(|| number % count)?;
        let key = self.items.iter().filter(is_task).nth(nth)?.0;
        let at = self.items.iter().position(|(known, _)| *known == key)?;
        match self.items.swap_remove(at) {
            (key, Item::Task(task)) => Some((key, task)),
            _ => None,
        }
    }

    /// What the end of a guard means for those that are still there.
    fn left(&mut self, key: usize) {
        let Some(at) = self.stack.iter().position(|entry| entry.key == key) else { return };
        if self.stack[at].context.is_none() {
            self.stack.remove(at);
            return;
        }
        self.stack[at].context = Some(true);
        self.leave_contexts();
    }

    /// A context is left when the innermost one is, and with it all that was entered inside.
    fn leave_contexts(&mut self) {
        while let Some(at) = self.stack.iter().rposition(|entry| entry.context.is_some())
            && self.stack[at].context == Some(true)
        {
            self.stack.truncate(at);
        }
    }

    /// A poll leaves whatever was entered inside.
    fn polled(&mut self, key: usize) {
        self.polls.retain(|poll| *poll != key);
        if let Some(at) = self.stack.iter().position(|entry| entry.key == key) {
            self.stack.truncate(at);
            self.leave_contexts();
        }
    }

    fn expected(&self) -> Option<SpanId> {
        self.stack.last().and_then(|entry| entry.span)
    }
}

/// Takes steps up to the end of a poll; true when that is to unwind.
fn run(world: &RefCell<World>, ops: &mut Iter<'_, Op>, depth: usize) -> bool {
    while let Some(op) = ops.next() {
        let builder = SpanBuilder::new(&CHILD);
        let parent = Span::current().context();
        let under = parent.map_or(builder, |parent| builder.parent(parent));
        let opened = match op {
            Op::Child => Some(Item::Guard(step!("child"))),
            Op::Root => Some(Item::Guard(SpanBuilder::new(&ROOT).root().enter())),
            Op::Unsampled => Some(Item::Guard(SpanBuilder::new(&LOST).root().enter())),
            Op::Under => Some(Item::Guard(under.enter())),
            Op::Attach => Some(Item::Context(Context::current().attach())),
            Op::AttachRoot => Some(Item::Context(Context::root().attach())),
            Op::Task => Some(Item::Task(builder.task())),
            Op::TaskRoot => Some(Item::Task(builder.root().task())),
            Op::TaskUnder => Some(Item::Task(under.task())),
            Op::Drop(number) => {
                let item = world.borrow_mut().take(*number);
                if let Some((key, item)) = item {
                    drop(item);
                    world.borrow_mut().left(key);
                }
                None
            }
            Op::Poll(number) if depth < 8 => {
                let task = world.borrow_mut().take_task(*number);
                if let Some((key, task)) = task {
                    poll(world, ops, depth, key, task);
                }
                None
            }
            Op::Pending | Op::Unwind if depth != 0 => return matches!(op, Op::Unwind),
            _ => None,
        };
        if let Some(item) = opened {
            world.borrow_mut().push(item);
        }
        assert_eq!(current(), world.borrow().expected(), "after {op:?}");
    }
    false
}

fn poll(world: &RefCell<World>, ops: &mut Iter<'_, Op>, depth: usize, key: usize, mut task: TaskSpan) {
    let poll = world.borrow_mut().key();
    let mut wrong = None;
    let _ = catch_unwind(AssertUnwindSafe(|| {
        task.in_scope(|| {
            world.borrow_mut().stack.push(Entry { key: poll, span: current(), context: None });
            world.borrow_mut().polls.push(poll);
            let unwinds = catch_unwind(AssertUnwindSafe(|| run(world, ops, depth + 1)));
            match unwinds {
                Ok(true) => resume_unwind(Box::new(())),
                Ok(false) => {}
                Err(payload) => wrong = Some(payload),
            }
        });
    }));
    if let Some(payload) = wrong {
        resume_unwind(payload);
    }
    world.borrow_mut().polled(poll);
    world.borrow_mut().items.push((key, Item::Task(task)));
}

fn check(ops: &[Op]) {
    let world = RefCell::new(World::default());
    run(&world, &mut ops.iter(), 0);
    let items = std::mem::take(&mut world.borrow_mut().items);
    for (key, item) in items {
        drop(item);
        world.borrow_mut().left(key);
        assert_eq!(current(), world.borrow().expected(), "at the end");
    }
    assert_eq!(current(), None);
}

/// Tries many orders, each on a thread of its own, so that one that goes wrong leaves the next alone.
fn try_orders(cases: u32, each: impl Fn(&[Op]) + Sync) {
    let mut runner =
        TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..Default::default() });
    let result = runner.run(&vec(op(), 1..60), |ops| {
        let outcome = std::thread::scope(|threads| threads.spawn(|| each(&ops)).join());
        outcome.map_err(|payload| {
            let text = payload.downcast_ref::<String>().cloned().unwrap_or_default();
            TestCaseError::fail(text)
        })
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn what_is_current_is_the_innermost_that_was_not_left() {
    let memory = MemorySink::new();
    let telemetry = Telemetry::builder().sampler(ByName).sink(memory).start().unwrap();
    try_orders(1_000, check);
    telemetry.drain_now(PATIENCE).unwrap();
    let accounting = telemetry.accounting();
    assert_eq!((accounting.in_flight, accounting.dropped()), (0, 0));
    telemetry.shutdown(PATIENCE).unwrap();

    try_orders(200, |ops| {
        let scope = Scope::builder().sampler(ByName).enter().unwrap();
        check(ops);
        scope.clear();
        let accounting = scope.accounting();
        assert_eq!((accounting.in_flight, accounting.started), (0, accounting.taken + accounting.dropped()));
    });
}
