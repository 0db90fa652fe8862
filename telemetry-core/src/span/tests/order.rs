//! Guards, contexts and scopes left in any order.

use super::*;

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
