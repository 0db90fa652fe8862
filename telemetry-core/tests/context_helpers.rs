//! The context goes along to threads, pools, tasks and through channels: with the runtimes that services have.

use std::sync::mpsc;

use rayon::prelude::*;
use telemetry_core::testing::Scope;
use telemetry_core::{Carried, Context, Instrument, Span, span, step};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// A span with a child, which shows where it was opened.
#[span(attrs(n))]
fn work(n: u32) -> u32 {
    let _child = step!("child");
    n
}

#[span(attrs(n))]
async fn task(n: u32) -> u32 {
    tokio::task::yield_now().await;
    let _child = step!("child");
    n
}

fn scope() -> Scope {
    Scope::builder().real_clock().capacity(1_024).enter().unwrap()
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(3).build().unwrap()
}

/// Every span of this name hangs on the only span named `parent`, and has its own child; there are `count`.
#[track_caller]
fn assert_under(scope: &Scope, parent: &str, name: &str, count: usize) {
    let spans = scope.spans();
    let of = |name: &str| spans.iter().filter(|span| span.name == name).collect::<Vec<_>>();
    let [parent] = of(parent)[..] else { panic!("one {parent} in {}", scope.tree()) };
    assert_eq!(of(name).len(), count, "{}", scope.tree());
    for span in of(name) {
        assert_eq!((span.parent_span_id, span.trace_id), (Some(parent.span_id), parent.trace_id));
        let children = spans.iter().filter(|child| child.parent_span_id == Some(span.span_id));
        assert_eq!(children.map(|child| &*child.name).collect::<Vec<_>>(), ["child"]);
    }
}

/// Nothing is left on the threads of a runtime.
fn assert_left(runtime: &Runtime) {
    runtime.block_on(async {
        let mut tasks = JoinSet::new();
        for _ in 0..16 {
            tasks.spawn(async { assert!(Span::current().context().is_none()) });
        }
        while let Some(left) = tasks.join_next().await {
            left.unwrap();
        }
    });
}

#[test]
fn threads_of_the_standard_library() {
    #[span]
    fn parent() {
        std::thread::spawn(Context::current().wrap(|| work(1))).join().unwrap();
        let context = Context::current();
        std::thread::scope(|threads| {
            for n in 2..=3 {
                threads.spawn(context.wrap(move || work(n)));
            }
        });
        std::thread::Builder::new().spawn(context.wrap(|| work(4))).unwrap().join().unwrap();
    }
    let scope = scope();
    parent();
    assert_under(&scope, "parent", "work", 4);
}

#[test]
fn closures_that_rayon_calls_many_times_and_tasks_of_its_pool() {
    #[span]
    fn parent(pool: &rayon::ThreadPool) -> u32 {
        let context = Context::current();
        let sum: u32 = pool.install(|| (0..100).into_par_iter().map(context.wrap_each(work)).sum());
        pool.scope(|scope| {
            for n in 0..5 {
                scope.spawn(move |_| assert_eq!(context.run(|| work(n)), n));
            }
        });
        let (one, two) = pool.join(context.wrap(|| work(1)), context.wrap(|| work(2)));
        sum + one + two
    }
    let scope = scope();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    assert_eq!(parent(&pool), 4_953);
    assert_under(&scope, "parent", "work", 107);
    assert!(
        pool.broadcast(|_| Span::current().context()).iter().all(Option::is_none),
        "threads are left clean"
    );
}

#[test]
fn spawned_tasks_blocking_ones_and_join_sets_of_tokio() {
    #[span]
    async fn parent() -> u32 {
        let spawned = tokio::spawn(task(1).in_current_context());
        let blocking = tokio::task::spawn_blocking(Context::current().wrap(|| work(10)));
        let mut set = JoinSet::new();
        for n in 0..50 {
            set.spawn(task(n).in_current_context());
        }
        set.spawn_blocking(Context::current().wrap(|| work(100)));
        let sum: u32 = set.join_all().await.into_iter().sum();
        sum + spawned.await.unwrap() + blocking.await.unwrap()
    }
    let scope = scope();
    let (runtime, context) = (runtime(), Context::current());
    let sum = runtime.block_on(async { tokio::spawn(context.wrap_future(parent())).await.unwrap() });
    assert_eq!(sum, 1_225 + 1 + 10 + 100);
    assert_under(&scope, "parent", "task", 51);
    assert_under(&scope, "parent", "work", 2);
    assert_left(&runtime);
}

#[test]
fn a_task_without_help_is_a_root_elsewhere() {
    #[span]
    async fn parent() -> Option<telemetry_core::SpanContext> {
        tokio::spawn(async { Span::current().context() }).await.unwrap()
    }
    let scope = scope();
    let (runtime, context) = (runtime(), Context::current());
    let inside = runtime.block_on(async { tokio::spawn(context.wrap_future(parent())).await.unwrap() });
    assert_eq!(inside, None, "a task has the context it is given, and no other");
    assert_eq!(scope.tree(), "parent\n");
}

#[test]
fn messages_through_channels() {
    #[span(attrs(n))]
    fn send(n: u32, jobs: &mpsc::Sender<Carried<u32>>) {
        jobs.send(Carried::new(n)).unwrap();
    }
    let scope = scope();
    let (jobs, received) = mpsc::channel::<Carried<u32>>();
    let worker = std::thread::spawn(move || {
        let sum = received.iter().map(|job| job.run(work)).sum::<u32>();
        assert!(Span::current().context().is_none());
        sum
    });
    send(1, &jobs);
    send(2, &jobs);
    drop(jobs);
    assert_eq!(worker.join().unwrap(), 3);
    let spans = scope.spans();
    for work in spans.iter().filter(|span| span.name == "work") {
        let sender = spans.iter().find(|span| Some(span.span_id) == work.parent_span_id).unwrap();
        assert_eq!((&*sender.name, sender.attribute("n")), ("send", work.attribute("n")));
    }
    assert_eq!(spans.len(), 6);
}

#[test]
fn messages_that_are_awaited() {
    #[span]
    async fn parent(jobs: tokio::sync::mpsc::Sender<Carried<u32>>) {
        for n in 0..20 {
            jobs.send(Carried::new(n)).await.unwrap();
        }
    }
    let scope = scope();
    let (runtime, context) = (runtime(), Context::current());
    runtime.block_on(async {
        let (jobs, mut received) = tokio::sync::mpsc::channel::<Carried<u32>>(4);
        let worker = tokio::spawn(async move {
            while let Some(job) = received.recv().await {
                let (n, context) = job.into_parts();
                context.wrap_future(task(n)).await;
                assert!(Span::current().context().is_none());
            }
        });
        tokio::spawn(context.wrap_future(parent(jobs))).await.unwrap();
        worker.await.unwrap();
    });
    assert_under(&scope, "parent", "task", 20);
    assert_left(&runtime);
}
