//! Futures side by side, one in the other, and on one thread after another.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::thread;

use telemetry_core::record::{SpanRecord, Value};
use telemetry_core::{Outcome, Span, span, step, trace};

use crate::process::{Process, child, current, named, poll, yield_once};

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

#[span(attrs(number))]
pub(crate) async fn numbered(number: usize) {
    yield_once().await;
    let here = current();
    child();
    yield_once().await;
    assert_eq!(current(), here);
    Span::current().u64("again", number as u64);
}

pub(crate) fn a_thousand_futures_side_by_side(process: &Process) {
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

pub(crate) fn a_thousand_spans_one_in_the_other(process: &Process) {
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

pub(crate) fn futures_that_wander_between_threads(process: &Process) {
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
