//! Spans on the pipeline of the process, where children open and close by the fast path: panics, threads that end,
//! futures that wander, a pipeline that is shut or stopped around open spans.
//!
//! One test in a program of its own: there is one such pipeline. Each part runs on a thread of its own.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use telemetry_core::record::{SpanRecord, Value};
use telemetry_core::sink::MemorySink;
use telemetry_core::testing::assertions::{Assertions, Recorded};
use telemetry_core::{
    AlwaysSample, Outcome, Span, SpanGuard, SpanId, Status, Telemetry, disable, enable, span, step, trace,
};

const PATIENCE: Duration = Duration::from_secs(20);
/// For a thousand unoptimised frames.
const STACK_BYTES: usize = 32 << 20;

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The process's pipeline and what came out of it.
struct Process {
    telemetry: Telemetry,
    memory: MemorySink,
}

impl Recorded for Process {
    fn spans(&self) -> Vec<SpanRecord> {
        self.telemetry.drain_now(PATIENCE).unwrap();
        self.memory.spans()
    }

    fn latest_metrics(&self) -> Option<Arc<telemetry_core::metric::snapshot::MetricsSnapshot>> {
        self.memory.latest_metrics()
    }
}

impl Process {
    /// Runs a part on a thread of its own, and gives back the spans that ended meanwhile.
    fn part(&self, part: impl FnOnce() + Send) -> Vec<SpanRecord> {
        self.spans();
        self.memory.clear();
        let checked = || {
            part();
            assert_eq!(current(), None, "nothing is left behind");
        };
        thread::scope(|threads| {
            let thread = thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(threads, checked);
            thread.unwrap().join().unwrap();
        });
        let spans = self.spans();
        let accounting = self.telemetry.accounting();
        assert_eq!(accounting.started, accounting.taken + accounting.in_flight + accounting.dropped());
        spans
    }
}

fn current() -> Option<SpanId> {
    Span::current().context().map(|context| context.span_id)
}

fn named<'a>(spans: &'a [SpanRecord], name: &str) -> &'a SpanRecord {
    let mut found = spans.iter().filter(|span| span.name == name);
    let first = found.next().unwrap_or_else(|| panic!("no span {name}: {spans:?}"));
    assert!(found.next().is_none(), "more than one {name}");
    first
}

fn poll(task: &mut (impl Future + Unpin)) -> bool {
    Pin::new(task).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

async fn yield_once() {
    let mut yielded = false;
    poll_fn(|_| if std::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[span]
fn child() {}

#[trace(name = "panics")]
async fn panics() {
    let _cleanup = OnDrop(|| drop(step!("cleanup")));
    yield_once().await;
    panic!("in the second poll");
}

#[trace(name = "outer")]
async fn outer() {
    child();
    panics().await;
}

#[test]
fn spans_of_the_process_hold_under_panics_threads_and_stops() {
    let memory = MemorySink::new();
    let telemetry = Telemetry::builder().sampler(AlwaysSample).sink(memory.clone()).start().unwrap();
    let process = Process { telemetry, memory };

    panics_unwind_through_polls(&process);
    resumed_panics_are_marked_without_words(&process);
    a_thousand_futures_side_by_side(&process);
    a_thousand_spans_one_in_the_other(&process);
    futures_that_wander_between_threads(&process);
    spans_in_the_destructors_of_a_thread(&process);
    late_writes_are_counted(&process);
    spans_open_while_the_gates_shut(&process);
    spans_open_while_the_pipeline_stops(process);
}

fn panics_unwind_through_polls(process: &Process) {
    let mut inside = None;
    let spans = process.part(|| {
        let root = step!("root");
        let here = current();
        let mut task = Box::pin(outer());
        assert!(!poll(&mut task));
        assert_eq!(current(), here);
        assert!(catch_unwind(AssertUnwindSafe(|| poll(&mut task))).is_err());
        assert_eq!(current(), here);
        drop(step!("after"));
        inside = here;
        drop(root);
    });
    for name in ["outer", "panics"] {
        let span = named(&spans, name);
        assert_eq!((span.status, span.outcome), (Status::Error, Outcome::Panicked), "{name}");
        assert_eq!(span.attribute("error.message"), Some(&Value::Str("in the second poll".into())));
    }
    assert_eq!(named(&spans, "cleanup").outcome, Outcome::Completed);
    assert_eq!(named(&spans, "cleanup").parent_span_id, Some(named(&spans, "panics").span_id));
    assert_eq!(named(&spans, "after").parent_span_id, inside);
    assert_eq!(named(&spans, "root").outcome, Outcome::Completed);
}

fn resumed_panics_are_marked_without_words(process: &Process) {
    let spans = process.part(|| {
        let _root = step!("root");
        let caught = catch_unwind(|| {
            let _first = step!("first");
            panic!("words");
        });
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let _second = step!("second");
            // Spans that are opened behind one that the panic has ended are not its.
            let _cleanup = OnDrop(|| drop(step!("cleanup")));
            let _inner = step!("inner");
            resume_unwind(caught.unwrap_err());
        }));
        assert!(caught.is_err());
        child();
    });
    assert_eq!(named(&spans, "first").attribute("error.message"), Some(&Value::Str("words".into())));
    for name in ["second", "inner"] {
        assert_eq!(named(&spans, name).outcome, Outcome::Panicked, "{name}");
        assert_eq!(named(&spans, name).attribute("error.message"), None);
    }
    for name in ["cleanup", "child", "root"] {
        assert_eq!(named(&spans, name).outcome, Outcome::Completed, "{name}");
    }
}

#[span(attrs(number))]
async fn numbered(number: usize) {
    yield_once().await;
    let here = current();
    child();
    yield_once().await;
    assert_eq!(current(), here);
    Span::current().u64("again", number as u64);
}

fn a_thousand_futures_side_by_side(process: &Process) {
    let spans = process.part(|| {
        let _root = step!("root");
        let here = current();
        let mut tasks: Vec<_> = (0..1_000).map(|number| Box::pin(numbered(number))).collect();
        for round in 0..3 {
            for (number, task) in tasks.iter_mut().enumerate() {
                assert_eq!(poll(task), round == 2);
                assert_eq!(current(), here);
                let _between = (number % 100 == 0).then(|| step!("between"));
            }
            if round == 1 {
                // Every tenth is dropped halfway.
                let mut number = 0;
                tasks.retain(|_| {
                    number += 1;
                    number % 10 != 0
                });
            }
        }
    });
    let root = named(&spans, "root");
    let tasks: Vec<_> = spans.iter().filter(|span| span.name == "numbered").collect();
    assert_eq!(tasks.len(), 1_000);
    assert_eq!(tasks.iter().filter(|span| span.outcome == Outcome::Cancelled).count(), 100);
    assert!(tasks.iter().all(|span| span.parent_span_id == Some(root.span_id)));
    for task in tasks.iter().filter(|span| span.outcome == Outcome::Completed) {
        assert_eq!(task.attribute("number"), task.attribute("again"));
    }
    let parents: std::collections::HashSet<_> =
        spans.iter().filter(|span| span.name == "child").map(|span| span.parent_span_id).collect();
    assert_eq!(parents.len(), 1_000);
    assert!(tasks.iter().all(|task| parents.contains(&Some(task.span_id))));
}

#[span(attrs(depth))]
fn deepest(depth: u64) {
    if depth != 0 {
        deepest(depth - 1);
    }
}

#[trace(name = "deep async", attrs(depth))]
async fn deep_async(depth: u64) {
    yield_once().await;
    if depth != 0 {
        Box::pin(deep_async(depth - 1)).await;
    }
}

fn a_thousand_spans_one_in_the_other(process: &Process) {
    let spans = process.part(|| {
        let _root = step!("root");
        deepest(1_000);
        let mut task = Box::pin(deep_async(1_000));
        while !poll(&mut task) {}
    });
    for name in ["deepest", "deep async"] {
        let mut chain: Vec<_> = spans.iter().filter(|span| span.name == name).collect();
        let depth = |span: &SpanRecord| match span.attribute("depth") {
            Some(Value::U64(depth)) => *depth,
            other => panic!("no depth: {other:?}"),
        };
        chain.sort_by_key(|span| depth(span));
        assert_eq!(chain.len(), 1_001);
        assert!(chain.windows(2).all(|pair| pair[0].parent_span_id == Some(pair[1].span_id)));
        assert_eq!(chain[1_000].parent_span_id, Some(named(&spans, "root").span_id));
    }
}

#[span(attrs(number))]
async fn wanders(number: u64) {
    let own = current();
    for _ in 0..5 {
        yield_once().await;
        assert_eq!(current(), own);
        lasts().await;
        Span::current().u64("last", number).event("woken");
    }
}

#[span]
async fn lasts() {
    let own = current();
    yield_once().await;
    assert_eq!(current(), own);
}

fn futures_that_wander_between_threads(process: &Process) {
    let before = process.telemetry.accounting().late_writes;
    let queue: Mutex<VecDeque<Task>> =
        Mutex::new((0..200).map(|number| Box::pin(wanders(number)) as Task).collect());
    let spans = process.part(|| {
        thread::scope(|threads| {
            for traced in [false, true, false, true] {
                let queue = &queue;
                threads.spawn(move || {
                    // Half of the threads are in a trace of their own all the while.
                    let _worker = traced.then(|| step!("worker"));
                    let here = current();
                    loop {
                        let task = queue.lock().unwrap().pop_front();
                        let Some(mut task) = task else { break };
                        let is_ready = poll(&mut task);
                        assert_eq!(current(), here);
                        if !is_ready {
                            queue.lock().unwrap().push_back(task);
                        }
                    }
                });
            }
        });
    });
    let tasks: Vec<_> = spans.iter().filter(|span| span.name == "wanders").collect();
    assert_eq!(tasks.len(), 200);
    for task in &tasks {
        assert_eq!(task.outcome, Outcome::Completed);
        assert_eq!((task.events.len(), task.attribute("last")), (5, task.attribute("number")));
        let children = spans.iter().filter(|span| span.parent_span_id == Some(task.span_id));
        assert_eq!(children.filter(|child| child.trace_id == task.trace_id).count(), 5);
    }
    assert_eq!(process.telemetry.accounting().late_writes, before);
}

struct LateSpans;

impl Drop for LateSpans {
    fn drop(&mut self) {
        let _root = step!("in a destructor");
        child();
    }
}

thread_local! {
    static LATE: RefCell<Option<LateSpans>> = const { RefCell::new(None) };
    static HELD: RefCell<Option<SpanGuard>> = const { RefCell::new(None) };
}

fn spans_in_the_destructors_of_a_thread(process: &Process) {
    let before = process.telemetry.accounting();
    for early in [true, false] {
        let spans = process.part(|| {
            thread::spawn(move || {
                // Before or after the thread's first span: destructors run in some order.
                if early {
                    LATE.set(Some(LateSpans));
                }
                HELD.set(Some(step!("held to the end")));
                child();
                LATE.set(Some(LateSpans));
            })
            .join()
            .unwrap();
        });
        assert_eq!(named(&spans, "held to the end").outcome, Outcome::Completed);
    }
    let accounting = process.telemetry.accounting();
    // Each of the two opened one, one in it, and three or more in destructors: kept, or counted.
    assert!(accounting.started >= before.started + 8, "{accounting:?}");
    assert_eq!(accounting.in_flight, before.in_flight);
}

fn late_writes_are_counted(process: &Process) {
    let before = process.telemetry.accounting().late_writes;
    let spans = process.part(|| {
        let root = step!("root");
        let handle = Span::current();
        handle.i64("in time", 1);
        thread::scope(|threads| {
            threads.spawn(|| handle.i64("from elsewhere", 1).event("from elsewhere").status(Status::Error));
        });
        drop(root);
        handle.str("late", "after the end");
        // The slot may be another span's by now.
        for _ in 0..100 {
            let _other = step!("other");
            handle.set("late", 1);
        }
    });
    let root = named(&spans, "root");
    assert_eq!((root.attributes.len(), root.events.len(), root.status), (1, 0, Status::Unset));
    assert!(spans.iter().filter(|span| span.name == "other").all(|span| span.attributes.is_empty()));
    assert_eq!(process.telemetry.accounting().late_writes, before + 104);
}

fn spans_open_while_the_gates_shut(process: &Process) {
    let spans = process.part(|| {
        let root = step!("root");
        let here = current();
        let mut task = Box::pin(numbered(1));
        assert!(!poll(&mut task));
        disable();
        child();
        assert_eq!(current(), here);
        assert!(!poll(&mut task));
        enable();
        child();
        assert!(poll(&mut task));
        disable();
        drop(root);
        assert_eq!(current(), None);
        child();
        enable();
    });
    assert_eq!(spans.len(), 3, "{spans:?}");
    assert_eq!(named(&spans, "child").parent_span_id, Some(named(&spans, "root").span_id));
    assert_eq!(named(&spans, "numbered").outcome, Outcome::Completed);
}

fn spans_open_while_the_pipeline_stops(process: Process) {
    let Process { telemetry, memory } = process;
    memory.clear();
    thread::scope(|threads| {
        threads.spawn(|| {
            let root = step!("root");
            let mut ended = Box::pin(numbered(1));
            assert!(!poll(&mut ended));
            let mut stops = Box::pin(async {
                telemetry.shutdown(PATIENCE).unwrap();
                child();
                yield_once().await;
            });
            let mut inside = Box::pin(step!("stops" => stops.as_mut()));
            assert!(!poll(&mut inside));
            drop(inside);
            assert!(!poll(&mut ended));
            drop(root);
            assert_eq!(current(), None);
        });
    });
    let accounting = telemetry.accounting();
    assert_eq!(accounting.in_flight, 3, "root, stops and numbered ended too late to be taken");
    assert_eq!(accounting.dropped_after_shutdown, 2, "both children");
    assert_eq!(accounting.started, accounting.taken + accounting.in_flight + accounting.dropped());

    // What is left lies in the ring for the next pipeline.
    let telemetry = Telemetry::builder().sampler(AlwaysSample).sink(memory.clone()).start().unwrap();
    let process = Process { telemetry, memory };
    process.assert_has_span("stops");
    assert_eq!(named(&process.spans(), "numbered").outcome, Outcome::Cancelled);
    assert_eq!(process.telemetry.accounting().in_flight, 0);
    process.telemetry.shutdown(PATIENCE).unwrap();
}
