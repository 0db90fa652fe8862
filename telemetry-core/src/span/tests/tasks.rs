//! Spans of futures.

use super::*;

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
fn a_span_adds_two_words_to_a_scope_and_seven_to_a_future() {
    assert_eq!(size_of::<SpanGuard>(), 2 * size_of::<usize>());
    assert_eq!(size_of::<TaskSpan>(), 7 * size_of::<u64>());
}
