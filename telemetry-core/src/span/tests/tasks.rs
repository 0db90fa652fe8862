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

/// What a traced `async fn` becomes.
async fn traced<F: Future>(site: &'static CallSite, future: F) -> F::Output {
    expansion::Traced { span: expansion::open_task(site), outcome: expansion::Ignored, future }.await
}

#[test]
fn a_traced_function_under_an_unsampled_trace_records_nothing_wherever_it_is_polled() {
    let scope = Scope::builder().sampler(NeverSample).enter().unwrap();
    let root = open(site!("root"));
    let mut future = Box::pin(traced(site!("task"), async {
        YieldOnce::default().await;
        let _child = open(site!("child"));
        Span::current().context().expect("the trace that is not recorded")
    }));
    let mut cx = TaskContext::from_waker(Waker::noop());
    assert!(future.as_mut().poll(&mut cx).is_pending());
    drop(root);
    scope.set_sampler(AlwaysSample);
    let elsewhere = open(site!("elsewhere"));
    let Poll::Ready(inside) = future.as_mut().poll(&mut cx) else { panic!("it yields once") };
    assert!(!inside.is_sampled());
    assert_eq!(Span::current().context(), elsewhere.handle().context());
    drop(elsewhere);
    assert_eq!(scope.tree(), "elsewhere\n");
}

#[test]
fn a_context_left_attached_in_a_poll_goes_with_it_also_where_nothing_is_recorded() {
    let _scope = Scope::builder().sampler(NeverSample).enter().unwrap();
    let root = open(site!("root"));
    let before = Span::current().context();
    let mut future = Box::pin(traced(site!("task"), async {
        std::mem::forget(Context::root().attach());
        std::mem::forget(open(site!("root of another trace")));
        YieldOnce::default().await;
    }));
    let mut cx = TaskContext::from_waker(Waker::noop());
    assert!(future.as_mut().poll(&mut cx).is_pending());
    // Another trace was the last one that was not recorded, so the trace's identifier is lost; no more is.
    let after = Span::current().context().expect("a trace");
    assert_eq!((after.is_sampled(), Some(after.span_id)), (false, before.map(|before| before.span_id)));
    assert!(future.as_mut().poll(&mut cx).is_ready());
    drop(root);
    assert!(Span::current().context().is_none());

    let root = open(site!("root"));
    let mut future = Box::pin(traced(site!("task"), async {
        std::mem::forget(Context::root().attach());
        YieldOnce::default().await;
    }));
    let before_this = Span::current().context();
    assert_ne!(before_this, before);
    assert!(future.as_mut().poll(&mut cx).is_pending());
    assert_eq!(Span::current().context(), before_this);
    drop(root);
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
fn a_span_adds_two_words_to_a_scope_and_one_to_a_future() {
    assert_eq!(size_of::<SpanGuard>(), 2 * size_of::<usize>());
    assert_eq!(size_of::<TaskSpan>(), size_of::<usize>());
}

#[test]
fn the_polls_of_a_future_that_is_polled_again_after_a_panic_are_counted_once() {
    let scope = Scope::new();
    let mut polls = 0;
    let work = std::future::poll_fn(|_| {
        polls += 1;
        assert!(polls != 1, "the first poll panics");
        if polls == 4 { Poll::Ready(()) } else { Poll::Pending }
    });
    let mut future = Box::pin(work.instrument(SpanBuilder::new(site!("again"))).timed());
    let mut cx = TaskContext::from_waker(Waker::noop());
    let mut poll = || future.as_mut().poll(&mut cx);
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(&mut poll)).unwrap_err();
    assert_eq!([poll(), poll(), poll()], [Poll::Pending, Poll::Pending, Poll::Ready(())]);
    drop(future);
    assert_eq!(scope.spans()[0].attribute("poll_count"), Some(&Value::U64(4)));
}
