//! Guards and contexts that meet polls in the wrong order: what is current afterwards, and that nothing is kept of it.

use std::future::poll_fn;

use super::*;
use crate::context::remembered;

/// A future that is polled once and drops what it holds.
fn drops<T>(held: T) -> impl Future<Output = ()> {
    let mut held = Some(held);
    poll_fn(move |_| {
        drop(held.take());
        Poll::Ready(())
    })
}

fn child(name: &'static CallSite) -> SpanBuilder<'static> {
    SpanBuilder::new(name)
}

#[test]
fn a_guard_dropped_early_does_not_come_back_after_a_poll_of_another_trace() {
    let scope = Scope::new();
    let first = open(site!("first"));
    let second = open(site!("second"));
    drop(first);
    block_on(async {}.instrument(child(site!("task")).root()));
    drop(second);
    assert!(Span::current().context().is_none());
    assert_eq!(remembered(), (0, 0));
    assert_eq!(scope.tree(), "first\n  second\ntask\n");
}

#[test]
fn a_guard_dropped_inside_two_polls_does_not_come_back_after_them() {
    let _scope = Scope::new();
    let root = open(site!("root"));
    let held = open(site!("held"));
    let inner = drops(held).instrument(child(site!("inner")));
    block_on(inner.instrument(child(site!("outer"))));
    assert_eq!(Span::current().context(), root.handle().context());
    drop(root);
    assert!(Span::current().context().is_none());
    assert_eq!(remembered(), (0, 0));
}

#[test]
fn a_task_under_a_given_parent_does_not_bring_a_dropped_guard_back() {
    let _scope = Scope::new();
    let first = open(site!("first"));
    let second = open(site!("second"));
    drop(first);
    let _task = child(site!("task")).parent(second.handle().context().unwrap()).task();
    drop(second);
    assert!(Span::current().context().is_none());
}

#[test]
fn a_root_under_a_context_leaves_the_guard_that_was_dropped_under_it_alone() {
    let _scope = Scope::new();
    let dropped = open(site!("dropped"));
    let attached = Context::current().attach();
    let carried = Span::current().context();
    drop(dropped);
    drop(expansion::open_root(site!("root")));
    assert_eq!(Span::current().context(), carried);
    drop(attached);
    assert!(Span::current().context().is_none());
}

#[test]
fn spans_of_two_scopes_with_the_same_identifiers_are_told_apart() {
    let _outer = Scope::new();
    let first = open(site!("first"));
    let _second = open(site!("second"));
    let identifier = first.handle().context().unwrap().span_id;
    drop(first);
    let _inner = Scope::new();
    let same = open(site!("first again"));
    assert_eq!(same.handle().context().unwrap().span_id, identifier);
    drop(open(site!("second again")));
    assert_eq!(Span::current().context(), same.handle().context());
}

#[test]
fn guards_that_outlive_their_poll_leave_nothing_to_remember() {
    let _scope = Scope::new();
    let _main = open(site!("main"));
    let current = Span::current().context();
    for root in [false, true] {
        let builder = child(site!("task"));
        let mut task = if root { builder.root().task() } else { builder.task() };
        let held = task.in_scope(|| (open(site!("outer")), open(site!("inner"))));
        assert_eq!(Span::current().context(), current);
        if root {
            drop(task);
            drop(held);
        } else {
            // The outer one first, and one of them in the next poll.
            let (outer, inner) = held;
            drop(outer);
            task.in_scope(|| drop(inner));
        }
        assert_eq!(Span::current().context(), current);
        assert_eq!(remembered(), (0, 0));
    }
}

#[test]
fn contexts_held_over_awaits_leave_nothing_to_remember() {
    let _scope = Scope::new();
    let _main = open(site!("main"));
    let current = Span::current().context();
    for _ in 0..3 {
        let held_over = async {
            let _attached = Context::root().attach();
            YieldOnce::default().await;
        };
        block_on(held_over.instrument(child(site!("task"))));
        assert_eq!(Span::current().context(), current);
        // The scope is a frame too, and has not been left.
        assert_eq!(remembered(), (0, 0));
    }
}

#[test]
fn a_context_left_inside_a_poll_stays_left() {
    let _scope = Scope::new();
    let main = open(site!("main"));
    let elsewhere = {
        let _root = expansion::open_root(site!("elsewhere"));
        Context::current()
    };
    for attached in [elsewhere, Context::current()] {
        let attached = attached.attach();
        // Of the trace that is current here, or of another one: polls of the two are entered in different ways.
        let here = drops(attached).instrument(child(site!("here")));
        let there = here.instrument(child(site!("there")).parent(main.handle().context().unwrap()));
        block_on(there);
        assert_eq!(Span::current().context(), main.handle().context());
    }
    drop(main);
    assert!(Span::current().context().is_none());
}

#[test]
fn a_context_left_inside_a_poll_that_leaks_another_stays_left() {
    let _scope = Scope::new();
    let main = open(site!("main"));
    let mut outer = Some(Context::root().attach());
    let mut inner = None;
    let future = poll_fn(|_| {
        inner = Some(Context::root().attach());
        outer = None;
        Poll::Ready(())
    });
    block_on(future.instrument(child(site!("task")).root()));
    assert_eq!(Span::current().context(), main.handle().context());
    drop(inner);
    assert_eq!(Span::current().context(), main.handle().context());
    assert_eq!(remembered(), (0, 0));
}

#[test]
fn contexts_that_take_over_from_one_another_are_remembered_as_one() {
    let scope = Scope::new();
    let root = open(site!("root"));
    let current = Span::current().context();
    let mut held = Context::root().attach();
    for _ in 0..10_000 {
        let next = Context::root().attach();
        drop(std::mem::replace(&mut held, next));
        assert_eq!(remembered(), (0, 1));
    }
    // Also from the inside out, with one that is left last.
    let (one, two, three) = (Context::root().attach(), Context::root().attach(), Context::root().attach());
    drop(two);
    drop(one);
    assert_eq!(remembered(), (0, 2));
    drop(three);
    drop(held);
    assert_eq!(Span::current().context(), current);
    drop(root);
    assert_eq!(remembered(), (0, 0));
    assert_eq!(scope.tree(), "root\n");
}

#[test]
fn a_context_that_took_over_inside_a_poll_and_outlives_it_goes_with_the_poll() {
    let _scope = Scope::new();
    let outermost = Context::root().attach();
    let task_is_in = Context::root().attach();
    let mut held = Some(task_is_in);
    let mut task = SpanBuilder::new(site!("task")).task();
    let leaked = task.in_scope(|| {
        let next = Context::root().attach();
        drop(held.replace(next));
        let last = Context::root().attach();
        drop(held.take());
        last
    });
    assert!(Span::current().context().is_none());
    drop(leaked);
    drop(task);
    drop(outermost);
    assert!(Span::current().context().is_none());
    assert_eq!(remembered(), (0, 0));
}

#[test]
fn spans_that_take_over_from_one_another_leave_none_behind() {
    let _scope = Scope::new();
    let mut held = open(site!("first"));
    for _ in 0..6_000 {
        let next = open(site!("next"));
        drop(std::mem::replace(&mut held, next));
    }
    drop(held);
    assert!(Span::current().context().is_none());
    assert_eq!(remembered(), (0, 0));
}
