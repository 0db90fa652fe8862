//! Rings that are full, missing or closed.

use super::*;

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
fn after_the_close_spans_are_counted_as_such() {
    let scope = Scope::new();
    drop(open(site!("before")));
    scope.close();
    drop(open(site!("after")));
    assert_eq!(scope.accounting().dropped_after_shutdown, 1);
    assert_eq!(scope.tree(), "before\n");
}
