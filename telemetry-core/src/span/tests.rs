//! Tests of spans through their public interface, each in a scope of its own.

use std::future::Future;
use std::pin::pin;
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::Duration;

use super::*;
use crate::record::{Origin, Outcome, SpanKind, Status, Value};
use crate::testing::Scope;
use crate::{AlwaysSample, Context, NeverSample, RatioSample};

const ORIGIN: Origin =
    Origin { crate_name: "tests", crate_version: "0", module: "tests", file: "tests.rs", line: 1 };

macro_rules! site {
    ($name:literal $(, keys: $keys:expr)? $(, constants: $constants:expr)?) => {{
        static SITE: CallSite = CallSite::new(Site {
            name: $name,
            kind: SpanKind::Internal,
            keys: site!(@ $($keys)?),
            constants: site!(@ $($constants)?),
            origin: ORIGIN,
        });
        &SITE
    }};
    (@) => { &[] };
    (@ $value:expr) => { $value };
}

fn open(site: &'static CallSite) -> SpanGuard {
    expansion::open(site)
}

/// Polls to the end with a waker that does nothing.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = TaskContext::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
}

#[derive(Default)]
struct YieldOnce(bool);

impl Future for YieldOnce {
    type Output = ();

    fn poll(mut self: std::pin::Pin<&mut Self>, _: &mut TaskContext<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

#[test]
fn children_nest_and_inherit_the_trace() {
    let scope = Scope::new();
    {
        let _root = open(site!("root"));
        {
            let _child = open(site!("child"));
            let _grandchild = open(site!("grandchild"));
        }
        let _second = open(site!("second"));
    }
    assert_eq!(scope.tree(), "root\n  child\n    grandchild\n  second\n");
    let spans = scope.spans();
    assert!(spans.iter().all(|span| span.trace_id == spans[0].trace_id));
    assert_eq!(spans.iter().filter(|span| span.local_root).count(), 1);
    assert_eq!(spans[0].trace_flags, 3, "our own roots are sampled and random");
}

#[test]
fn manual_clock_gives_exact_durations() {
    let scope = Scope::new();
    {
        let _root = open(site!("root"));
        scope.advance(Duration::from_millis(3));
        let _child = open(site!("child"));
        scope.advance(Duration::from_millis(2));
    }
    let spans = scope.spans();
    assert_eq!(spans[0].duration_nanos, 5_000_000);
    assert_eq!(spans[1].duration_nanos, 2_000_000);
    assert_eq!(spans[1].start_unix_nanos - spans[0].start_unix_nanos, 3_000_000);
}

#[test]
fn typed_and_generic_setters_give_the_same_output() {
    let scope = Scope::new();
    {
        let span = open(site!("typed"));
        span.handle().str("s", "text").i64("i", -5).u64("u", u64::MAX).f64("f", 1.5);
        span.handle().bool("b", true).bytes("y", &[1, 2, 3]);
    }
    {
        let span = open(site!("typed"));
        span.handle().set("s", "text").set("i", -5_i32).set("u", u64::MAX).set("f", 1.5_f64);
        span.handle().set("b", true).set("y", [1_u8, 2, 3]);
    }
    let spans = scope.spans();
    assert_eq!(spans[0].attributes, spans[1].attributes);
    assert_eq!(spans[0].attribute("i"), Some(&Value::I64(-5)));
    assert_eq!(spans[0].attribute("u"), Some(&Value::U64(u64::MAX)));
    assert_eq!(spans[0].attribute("y"), Some(&Value::Bytes(vec![1, 2, 3])));
    assert_eq!(spans[0].dropped_attributes_count, 0);
}

#[test]
fn integers_survive_at_every_width() {
    let values = [0, 1, -1, 127, 128, -128, -129, 255, 256, 32_767, -32_769, 1 << 40, i64::MAX, i64::MIN];
    for value in values {
        let scope = Scope::new();
        {
            let span = open(site!("integers"));
            span.handle().i64("i", value).u64("u", value as u64);
        }
        let spans = scope.spans();
        assert_eq!(spans[0].attribute("i"), Some(&Value::I64(value)));
        assert_eq!(spans[0].attribute("u"), Some(&Value::U64(value as u64)));
    }
}

#[test]
fn a_key_set_twice_keeps_the_last_value_also_when_full() {
    let scope = Scope::new();
    {
        let span = open(site!("twice"));
        for round in 0..1_000 {
            span.handle().i64("round", round).str("state", "working");
        }
    }
    let spans = scope.spans();
    assert_eq!(spans[0].attribute("round"), Some(&Value::I64(999)));
    assert_eq!(spans[0].attributes.len(), 2);
    assert_eq!(spans[0].dropped_attributes_count, 0);
}

#[test]
fn what_does_not_fit_is_dropped_whole_and_counted() {
    let scope = Scope::new();
    {
        let span = open(site!("full"));
        span.handle().str("a", &"x".repeat(100)).str("b", &"y".repeat(100)).i64("c", 1);
    }
    let spans = scope.spans();
    assert_eq!(spans[0].dropped_attributes_count, 1);
    assert!(spans[0].attribute("b").is_none());
    assert_eq!(spans[0].attribute("c"), Some(&Value::I64(1)));
}

#[test]
fn long_values_are_cut_at_a_character_and_marked() {
    let scope = Scope::new();
    {
        let span = open(site!("long", keys: &["db.statement"]));
        span.handle().str("db.statement", &"é".repeat(200));
    }
    let spans = scope.spans();
    let Some(Value::Str(text)) = spans[0].attribute("db.statement") else { panic!("no statement") };
    assert!(text.starts_with("éé") && text.ends_with("é…") && text.len() < 128, "{text}");
}

#[test]
fn constants_come_first_and_can_be_set_over() {
    let scope = Scope::new();
    {
        let span = open(site!("constants", constants: &[("db.system", Constant::Str("sqlite"))]));
        span.handle().i64("rows", 3);
    }
    assert_eq!(scope.tree(), "constants db.system=\"sqlite\" rows=3\n");
}

#[test]
fn twelve_static_events_fit_and_the_thirteenth_is_counted() {
    let scope = Scope::new();
    {
        let span = open(site!("events"));
        for _ in 0..13 {
            scope.advance(Duration::from_micros(1));
            span.handle().event("cache.checked");
        }
    }
    let spans = scope.spans();
    assert_eq!(spans[0].events.len(), 12);
    assert_eq!(spans[0].dropped_events_count, 1);
    assert_eq!(spans[0].events[2].time_unix_nanos - spans[0].start_unix_nanos, 3_000);
}

#[test]
fn four_dynamic_events_of_22_bytes_fit() {
    let scope = Scope::new();
    {
        let span = open(site!("events"));
        for number in 0..5 {
            span.handle().event_dynamic(&format!("a dynamic event no. {number:02}"));
        }
    }
    let spans = scope.spans();
    assert_eq!(spans[0].events.len(), 4);
    assert_eq!(spans[0].events[3].name, "a dynamic event no. 03");
    assert_eq!(spans[0].dropped_events_count, 1);
}

#[test]
fn event_attributes_are_kept() {
    let scope = Scope::new();
    {
        let span = open(site!("events"));
        span.handle().event_with("cache.miss", |event| {
            event.set("key", "book:7").set("size", 3);
        });
        span.handle().event("done");
    }
    let spans = scope.spans();
    assert_eq!(spans[0].events[0].attributes.len(), 2);
    assert_eq!(spans[0].events[0].attributes[1].value, Value::I64(3));
    assert_eq!(spans[0].events[1].name, "done");
}

#[test]
fn a_span_can_be_written_inside_an_event_closure() {
    let scope = Scope::new();
    {
        let span = open(site!("reentrant"));
        span.handle().event_with("outer", |event| {
            Span::current().event("inner").i64("i", 1);
            event.set("kept", true);
        });
    }
    assert_eq!(scope.tree(), "reentrant i=1\n  - inner\n  - outer kept=true\n");
    assert_eq!(scope.accounting().late_writes, 0);
}

#[test]
fn a_panic_in_an_event_closure_loses_the_event_alone() {
    let scope = Scope::new();
    {
        let span = open(site!("closure"));
        let handle = span.handle();
        let caught = std::panic::catch_unwind(|| {
            handle.event_with("broken", |event| {
                event.set("key", "value");
                panic!("in the closure");
            });
        });
        assert!(caught.is_err());
        handle.event("after");
    }
    assert_eq!(scope.tree(), "closure (1 events dropped)\n  - after\n");
}

#[test]
fn a_span_that_ends_inside_its_own_write_takes_no_more() {
    let scope = Scope::new();
    {
        let guard = open(site!("ending"));
        let handle = guard.handle();
        handle.event_with("last", move |event| {
            drop(guard);
            event.set("key", 1);
        });
    }
    assert_eq!(scope.tree(), "ending\n");
    let accounting = scope.accounting();
    assert_eq!((accounting.taken, accounting.in_flight, accounting.late_writes), (1, 0, 1));
}

#[test]
fn a_handle_writes_again_after_a_nested_scope() {
    let scope = Scope::new();
    {
        let span = open(site!("outer"));
        {
            let _nested = Scope::new();
            drop(open(site!("in the nested scope")));
            span.handle().i64("inside", 1);
        }
        span.handle().i64("after", 1);
    }
    assert_eq!(scope.tree(), "outer inside=1 after=1\n");
}

#[test]
fn a_handle_of_another_pipeline_does_not_write() {
    let scope = Scope::new();
    let span = open(site!("owner"));
    let handle = span.handle();
    std::thread::scope(|threads| {
        threads.spawn(move || {
            let _elsewhere = Scope::new();
            let _span = open(site!("elsewhere"));
            handle.i64("stray", 1);
        });
    });
    drop(span);
    assert_eq!(scope.tree(), "owner\n");
}

#[test]
fn a_guard_dropped_under_another_root_leaves_both_traces_whole() {
    let scope = Scope::new();
    {
        let first = open(site!("first root"));
        let child = open(site!("child"));
        let second = expansion::open_root(site!("second root"));
        assert_eq!(child.handle().context().unwrap().trace_id, first.handle().context().unwrap().trace_id);
        drop(child);
        drop(second);
        drop(open(site!("second child")));
    }
    assert_eq!(scope.tree(), "first root\n  child\n  second child\nsecond root\n");
    let spans = scope.spans();
    assert!(
        spans.iter().filter(|span| span.name != "second root").all(|span| span.trace_id == spans[0].trace_id)
    );
}

#[test]
fn many_guards_dropped_front_to_back_leave_nothing_current() {
    let _scope = Scope::builder().capacity(1_024).enter().unwrap();
    let guards: Vec<_> = (0..500).map(|_| open(site!("one of many"))).collect();
    drop(guards);
    assert!(Span::current().context().is_none());
}

#[test]
fn contexts_left_in_any_order_leave_nothing_behind() {
    let _scope = Scope::new();
    let contexts: Vec<_> = (0..3)
        .map(|_| {
            let _span = open(site!("carried"));
            Context::current()
        })
        .collect();
    let guards: Vec<_> = contexts.iter().map(Context::attach).collect();
    drop(guards);
    assert!(Span::current().context().is_none());
}

#[test]
fn a_span_that_ends_under_an_attached_context_does_not_come_back() {
    let scope = Scope::new();
    let root = open(site!("root"));
    let span = open(site!("ends early"));
    let attached = Context::current().attach();
    drop(span);
    drop(attached);
    drop(open(site!("under the root")));
    drop(root);
    assert_eq!(scope.tree(), "root\n  ends early\n  under the root\n");
}

#[test]
fn a_future_made_under_an_unsampled_trace_records_nothing_anywhere() {
    let scope = Scope::builder().sampler(NeverSample).enter().unwrap();
    let future = {
        let _root = open(site!("root"));
        async { drop(open(site!("child"))) }.instrument(SpanBuilder::new(site!("task")))
    };
    scope.set_sampler(AlwaysSample);
    block_on(future);
    assert_eq!(scope.spans().len(), 0);
}

#[test]
fn a_resumed_panic_is_recorded_without_the_words_of_an_older_one() {
    let scope = Scope::builder().real_clock().enter().unwrap();
    let _ = std::panic::catch_unwind(|| panic!("an older one"));
    let _ = std::panic::catch_unwind(|| {
        let _span = open(site!("resumed"));
        std::panic::resume_unwind(Box::new("payload"));
    });
    let spans = scope.spans();
    assert_eq!(spans[0].outcome, Outcome::Panicked);
    assert_eq!(spans[0].attribute("error.message"), None);
}

#[test]
fn spans_opened_by_destructors_during_a_panic_end_in_peace() {
    struct Cleanup;
    impl Drop for Cleanup {
        fn drop(&mut self) {
            drop(open(site!("cleanup")));
        }
    }
    let scope = Scope::new();
    let _ = std::panic::catch_unwind(|| {
        let _span = open(site!("failing"));
        let _cleanup = Cleanup;
        panic!("away");
    });
    let outcomes: Vec<_> = scope.spans().iter().map(|span| (span.name.to_string(), span.outcome)).collect();
    assert_eq!(
        outcomes,
        [("failing".to_owned(), Outcome::Panicked), ("cleanup".to_owned(), Outcome::Completed)]
    );
}

#[test]
fn a_context_that_outlives_its_scope_reaches_no_other() {
    let context = {
        let _scope = Scope::new();
        let _span = open(site!("first"));
        Context::current()
    };
    let scope = Scope::new();
    std::thread::scope(|threads| {
        threads.spawn(context.wrap(|| drop(open(site!("stray")))));
    });
    assert_eq!(scope.tree(), "");
}

#[test]
fn scopes_left_in_any_order_give_the_outer_one_back() {
    let scope = Scope::new();
    drop(vec![Scope::new(), Scope::new()]);
    drop(open(site!("here")));
    assert_eq!(scope.tree(), "here\n");
}

#[test]
fn a_guard_that_ends_in_another_scope_keeps_its_own_clock() {
    let scope = Scope::new();
    let span = open(site!("outer"));
    scope.advance(Duration::from_millis(5));
    {
        let nested = Scope::new();
        nested.advance(Duration::from_secs(3_600));
        drop(span);
    }
    assert_eq!(scope.spans()[0].duration_nanos, 5_000_000);
}

#[test]
fn the_last_failure_is_the_one_that_is_told() {
    let scope = Scope::new();
    {
        let mut span = open(site!("failing twice"));
        span.handle().str("a", &"x".repeat(100));
        span.fail("First", Some(&"one"));
        span.fail("Second", Some(&"two"));
    }
    let spans = scope.spans();
    assert_eq!(spans[0].attribute("error.type"), Some(&Value::Str("Second".into())));
    assert_eq!(spans[0].attribute("error.message"), Some(&Value::Str("two".into())));
}

#[test]
fn a_failed_span_with_a_name_of_its_own_takes_further_writes() {
    let scope = Scope::new();
    {
        let mut span = SpanBuilder::new(site!("x")).name(Name::dynamic("dynamic")).enter();
        span.handle().str("a", &"x".repeat(70));
        span.fail("Broken", Some(&"y".repeat(100)));
        span.handle().i64("late", 1).link(span.handle().context().unwrap());
    }
    let spans = scope.spans();
    assert_eq!((spans[0].dropped_attributes_count, spans[0].dropped_links_count), (1, 1));
}

#[test]
fn an_explicit_parent_of_this_process_hands_its_decision_down() {
    let scope = Scope::new();
    let parent = open(site!("parent"));
    let context = parent.handle().context().unwrap();
    drop(parent);
    scope.set_sampler(NeverSample);
    drop(SpanBuilder::new(site!("child")).parent(context).enter());
    assert_eq!(scope.tree(), "parent\n  child\n");
    assert!(!scope.spans()[1].local_root);
}

#[test]
fn handles_write_only_while_their_span_is_entered_here() {
    let scope = Scope::new();
    let stray = {
        let span = open(site!("owner"));
        let handle = span.handle();
        {
            let _inner = open(site!("inner"));
            handle.i64("from_inside", 1);
        }
        let context = Context::current();
        std::thread::scope(|threads| {
            threads.spawn(context.wrap(move || {
                handle.i64("from_elsewhere", 1);
            }));
        });
        handle
    };
    stray.i64("after_the_end", 1);
    let spans = scope.spans();
    assert_eq!(spans[0].attributes.len(), 1);
    assert_eq!(scope.accounting().late_writes, 2);
}

#[test]
fn status_ok_beats_error_beats_unset() {
    let scope = Scope::new();
    for (statuses, expected) in [
        (&[Status::Error, Status::Ok, Status::Error][..], Status::Ok),
        (&[Status::Error, Status::Unset], Status::Error),
        (&[], Status::Unset),
    ] {
        {
            let mut span = open(site!("status"));
            for status in statuses {
                span.status(*status);
            }
        }
        assert_eq!(scope.spans().last().map(|span| span.status), Some(expected));
    }
}

#[test]
fn a_panic_is_recorded_with_its_message() {
    let scope = Scope::new();
    let caught = std::panic::catch_unwind(|| {
        let _outer = open(site!("outer"));
        let _inner = open(site!("inner"));
        panic!("no more {}", "shelves");
    });
    assert!(caught.is_err());
    for span in scope.spans() {
        assert_eq!(span.status, Status::Error);
        assert_eq!(span.outcome, Outcome::Panicked);
        assert_eq!(span.attribute("error.message"), Some(&Value::Str("no more shelves".into())));
        assert_eq!(span.attribute("error.type"), Some(&Value::Str("panic".into())));
    }
    assert!(Span::current().context().is_none(), "the context is as before");
}

#[test]
fn guards_dropped_out_of_order_end_their_own_span_only() {
    let scope = Scope::new();
    {
        let root = open(site!("root"));
        let first = open(site!("first"));
        let second = open(site!("second"));
        drop(first);
        let under_second = open(site!("under second"));
        drop(under_second);
        drop(second);
        let under_root = open(site!("under root"));
        drop(under_root);
        drop(root);
    }
    assert!(Span::current().context().is_none());
    assert_eq!(scope.tree(), "root\n  first\n    second\n      under second\n  under root\n");
}

#[test]
fn a_forgotten_guard_stays_in_flight() {
    let scope = Scope::new();
    std::mem::forget(open(site!("forgotten")));
    assert_eq!(scope.spans().len(), 0);
    let accounting = scope.accounting();
    assert_eq!((accounting.started, accounting.taken, accounting.in_flight), (1, 0, 1));
}

#[test]
fn a_task_is_current_only_inside_its_polls() {
    let scope = Scope::new();
    block_on(async {
        let mut task = expansion::open_task(site!("task"));
        assert!(Span::current().context().is_none());
        let task_id = task.handle().context();
        task.run(async {
            assert_eq!(Span::current().context(), task_id);
            YieldOnce::default().await;
            Span::current().i64("polled", 2);
            let _child = open(site!("child"));
        })
        .await;
        assert!(Span::current().context().is_none());
    });
    assert_eq!(scope.tree(), "task polled=2\n  child\n");
}

#[test]
fn a_task_moves_between_threads() {
    let scope = Scope::new();
    let mut future = Box::pin(async {
        let mut task = expansion::open_task(site!("task"));
        task.run(async {
            Span::current().i64("first", 1);
            YieldOnce::default().await;
            Span::current().i64("second", 2);
            let _child = open(site!("child"));
        })
        .await;
    });
    let mut cx = TaskContext::from_waker(Waker::noop());
    assert!(future.as_mut().poll(&mut cx).is_pending());
    std::thread::scope(|threads| {
        threads.spawn(move || {
            let mut cx = TaskContext::from_waker(Waker::noop());
            assert!(future.as_mut().poll(&mut cx).is_ready());
        });
    });
    assert_eq!(scope.tree(), "task first=1 second=2\n  child\n");
    assert_eq!(scope.accounting().late_writes, 0);
}

#[test]
fn dropped_futures_are_cancelled_or_never_polled() {
    let scope = Scope::new();
    let mut cx = TaskContext::from_waker(Waker::noop());
    let mut polled = Box::pin(YieldOnce::default().instrument(SpanBuilder::new(site!("polled"))));
    assert!(polled.as_mut().poll(&mut cx).is_pending());
    drop(polled);
    drop(YieldOnce::default().instrument(SpanBuilder::new(site!("never"))));
    block_on(YieldOnce::default().instrument(SpanBuilder::new(site!("done"))));
    let outcomes: Vec<_> = scope.spans().iter().map(|span| span.outcome).collect();
    assert_eq!(outcomes, [Outcome::Cancelled, Outcome::NeverPolled, Outcome::Completed]);
}

#[test]
fn a_guard_misused_in_a_future_does_not_leak_out_of_its_poll() {
    let scope = Scope::new();
    let mut cx = TaskContext::from_waker(Waker::noop());
    let mut future = Box::pin(
        async {
            let _guard = open(site!("held over an await"));
            YieldOnce::default().await;
        }
        .instrument(SpanBuilder::new(site!("task"))),
    );
    assert!(future.as_mut().poll(&mut cx).is_pending());
    assert!(Span::current().context().is_none());
    assert!(future.as_mut().poll(&mut cx).is_ready());
    assert!(Span::current().context().is_none());
    assert_eq!(scope.spans().len(), 2);
}

#[test]
fn unsampled_traces_carry_identifiers_and_record_nothing() {
    let scope = Scope::builder().sampler(NeverSample).enter().unwrap();
    {
        let root = open(site!("root"));
        assert!(!root.is_recording());
        let context = Span::current().context().unwrap();
        assert!(!context.is_sampled());
        let _child = open(site!("child"));
        assert_eq!(Span::current().context().unwrap().trace_id, context.trace_id);
    }
    assert!(Span::current().context().is_none());
    assert_eq!(scope.spans().len(), 0);
    assert_eq!(scope.accounting().started, 0);
}

#[test]
fn the_ratio_decides_by_the_trace_identifier() {
    let scope = Scope::builder().capacity(4_096).sampler(RatioSample::new(0.25).unwrap()).enter().unwrap();
    for _ in 0..4_000 {
        drop(open(site!("root")));
    }
    let spans = scope.spans();
    assert!((850..1_150).contains(&spans.len()), "{} of 4,000", spans.len());
    let least = spans.iter().map(|span| span.trace_id.to_u128() as u64 & ((1 << 56) - 1)).min().unwrap();
    assert!(least >= 3 << 54);
}

#[test]
fn a_detached_root_begins_a_trace_and_restores_the_old_one() {
    let scope = Scope::new();
    {
        let _outer = open(site!("outer"));
        let before = Span::current().context();
        drop(expansion::open_root(site!("detached")));
        assert_eq!(Span::current().context(), before);
    }
    assert_eq!(scope.tree(), "outer\ndetached\n");
    let spans = scope.spans();
    assert_ne!(spans[0].trace_id, spans[1].trace_id);
}

#[test]
fn disabled_spans_do_nothing() {
    let scope = Scope::builder().disabled().enter().unwrap();
    {
        let span = open(site!("off"));
        assert!(!span.is_recording());
        assert!(Span::current().context().is_none());
    }
    scope.enable();
    drop(open(site!("on")));
    scope.disable();
    drop(open(site!("off again")));
    assert_eq!(scope.tree(), "on\n");
    assert_eq!(scope.accounting().started, 1);
}

#[test]
fn a_full_ring_drops_the_new_and_counts_it_and_children_keep_the_lost_parent() {
    let scope = Scope::builder().sampler(AlwaysSample).enter().unwrap();
    let guards: Vec<_> = (0..256).map(|_| open(site!("held"))).collect();
    let lost = open(site!("lost"));
    assert!(!lost.is_recording());
    let lost_id = Span::current().context().unwrap().span_id.to_u64();
    let also_lost = open(site!("also lost"));
    let accounting = scope.accounting();
    assert_eq!((accounting.started, accounting.dropped_full, accounting.in_flight), (258, 2, 256));
    drop((also_lost, lost));
    let mut guards = guards;
    drop(guards.pop());
    assert_eq!(scope.spans().len(), 1);
    {
        let _lost = open(site!("lost while there is no room"));
        drop(guards.pop());
        assert_eq!(scope.spans().len(), 2);
        let context = Span::current().context().unwrap();
        drop(open(site!("child of the lost")));
        let child = scope.spans().pop().unwrap();
        assert_eq!(child.parent_span_id, Some(context.span_id), "the gap can be seen");
    }
    assert_ne!(lost_id, 0);
    while guards.pop().is_some() {}
}

#[test]
fn a_failed_allocation_drops_and_counts_until_configured_again() {
    let scope = Scope::builder().failing_allocation().enter().unwrap();
    drop(open(site!("lost")));
    drop(open(site!("lost")));
    assert!(!scope.ring().is_operational());
    assert_eq!(scope.ring().capacity(), 256);
    assert_eq!(scope.accounting().dropped_not_operational, 2);
    scope.configure_ring(512).unwrap();
    drop(open(site!("kept")));
    assert!(scope.ring().is_operational());
    assert_eq!(scope.ring().capacity(), 512);
    assert_eq!(scope.tree(), "kept\n");
    let accounting = scope.accounting();
    assert_eq!(accounting.started, accounting.taken + accounting.dropped() + accounting.in_flight);
}

#[test]
fn an_invalid_capacity_is_refused_as_such_also_when_live() {
    let scope = Scope::new();
    drop(open(site!("live")));
    assert_eq!(scope.ring().configure(1023), Err(crate::RingError::InvalidCapacity(1023)));
    assert_eq!(scope.ring().configure(1024), Err(crate::RingError::AlreadyInUse(256)));
}

#[test]
fn names_of_run_time_are_kept_or_cut() {
    let scope = Scope::new();
    let long = "ü".repeat(50);
    drop(SpanBuilder::new(site!("x")).name(Name::interned(&long)).enter());
    drop(SpanBuilder::new(site!("x")).name(Name::dynamic(&long)).enter());
    drop(SpanBuilder::new(site!("x")).name(Name::dynamic("short")).kind(SpanKind::Server).enter());
    let spans = scope.spans();
    assert_eq!(spans[0].name, long);
    assert_eq!(spans[1].name, "ü".repeat(32));
    assert_eq!((spans[2].name.as_ref(), spans[2].kind), ("short", SpanKind::Server));
}

#[test]
fn after_the_close_spans_are_counted_as_such() {
    let scope = Scope::new();
    drop(open(site!("before")));
    scope.close();
    drop(open(site!("after")));
    assert_eq!(scope.accounting().dropped_after_shutdown, 1);
    assert_eq!(scope.tree(), "before\n");
}

#[test]
fn a_failure_finds_room_on_a_full_span() {
    let scope = Scope::new();
    {
        let mut span = open(site!("full"));
        span.handle().str("a", &"x".repeat(120));
        span.fail("tests::Broken", Some(&"it broke"));
    }
    let spans = scope.spans();
    assert_eq!(spans[0].attribute("error.type"), Some(&Value::Str("tests::Broken".into())));
    assert_eq!(spans[0].attribute("error.message"), Some(&Value::Str("it broke".into())));
    assert_eq!((spans[0].status, spans[0].outcome), (Status::Error, Outcome::Failed));
}

#[test]
fn a_failure_finds_room_on_a_full_span_with_another_static_name() {
    let scope = Scope::new();
    {
        let mut span = SpanBuilder::new(site!("full")).name(Name::interned("GET /books/{id}")).enter();
        span.handle().str("a", &"x".repeat(120));
        span.fail("tests::Broken", Some(&"it broke"));
    }
    assert_eq!(
        scope.tree().replace(&"x".repeat(120), "…"),
        "GET /books/{id} [error] a=\"…\" error.type=\"tests::Broken\" error.message=\"it broke\"\n"
    );
}
