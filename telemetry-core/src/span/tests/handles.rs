//! Who may write to a span, and when.

use super::*;

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
