//! What ends around spans that are open: their thread, they themselves, telemetry, the pipeline.

use std::cell::RefCell;
use std::thread;

use telemetry_core::testing::assertions::{Assertions, Recorded};
use telemetry_core::{AlwaysSample, Outcome, Span, SpanGuard, Status, Telemetry, disable, enable, step};

use crate::futures::numbered;
use crate::process::{PATIENCE, Process, child, current, named, poll, yield_once};

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

pub(crate) fn spans_in_the_destructors_of_a_thread(process: &Process) {
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

pub(crate) fn late_writes_are_counted(process: &Process) {
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

pub(crate) fn spans_open_while_the_gates_shut(process: &Process) {
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

pub(crate) fn spans_open_while_the_pipeline_stops(process: Process) {
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
