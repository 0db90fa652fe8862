//! What goes along with a context, by whichever helper: the decision on the trace, and no more than that; and what a panic
//! elsewhere leaves behind.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex, mpsc};

use rayon::prelude::*;
use telemetry_core::testing::Scope;
use telemetry_core::testing::assertions::Assertions;
use telemetry_core::{
    AlwaysSample, Carried, Context, Filter, Instrument, NeverSample, Outcome, Span, SpanContext, Status, span,
};
use tokio::task::JoinSet;
use tokio_stream::StreamExt;

type Work = Arc<dyn Fn() + Send + Sync>;
/// Has work done elsewhere under the current context, and waits for it; whether it panicked there.
type Helper = fn(&Elsewhere, Work) -> bool;

/// Where work is done: threads that go on to other work afterwards.
struct Elsewhere {
    runtime: tokio::runtime::Runtime,
    pool: rayon::ThreadPool,
}

const HELPERS: [(&str, Helper); 11] = [
    ("a thread", |_, work| std::thread::spawn(Context::current().wrap(move || work())).join().is_err()),
    ("a thread of a scope", |_, work| {
        let context = Context::current();
        std::thread::scope(|threads| threads.spawn(context.wrap(|| work())).join().is_err())
    }),
    ("a closure that rayon maps", |elsewhere, work| {
        let each = Context::current().wrap_each(|_: u32| work());
        let map = || elsewhere.pool.install(|| (0..1).into_par_iter().for_each(&each));
        catch_unwind(AssertUnwindSafe(map)).is_err()
    }),
    ("a task of a scope of rayon's", |elsewhere, work| {
        let context = Context::current();
        let spawn = || elsewhere.pool.scope(|scope| scope.spawn(|_| context.run(|| work())));
        catch_unwind(AssertUnwindSafe(spawn)).is_err()
    }),
    ("an attached context", |_, work| {
        let context = Context::current();
        let thread = std::thread::spawn(move || {
            let caught = catch_unwind(AssertUnwindSafe(|| {
                let _attached = context.attach();
                work();
            }));
            assert_nothing_is_current();
            caught.is_err()
        });
        thread.join().unwrap()
    }),
    ("a task", |elsewhere, work| {
        elsewhere
            .runtime
            .block_on(async { tokio::spawn(async move { work() }.in_current_context()).await.is_err() })
    }),
    ("a task that is moved between its polls", |elsewhere, work| {
        let task = async move {
            tokio::task::yield_now().await;
            work();
        };
        let task = Context::current().wrap_future(task);
        elsewhere.runtime.block_on(async { tokio::spawn(task).await.is_err() })
    }),
    ("a blocking task", |elsewhere, work| {
        let work = Context::current().wrap(move || work());
        elsewhere.runtime.block_on(async { tokio::task::spawn_blocking(work).await.is_err() })
    }),
    ("a join set", |elsewhere, work| {
        elsewhere.runtime.block_on(async {
            let mut set = JoinSet::new();
            set.spawn(async move { work() }.in_current_context());
            set.join_next().await.unwrap().is_err()
        })
    }),
    ("a message", |_, work| {
        let (sender, receiver) = mpsc::channel::<Carried<Work>>();
        sender.send(Carried::new(work)).unwrap();
        let receive = move || {
            let message = receiver.recv().unwrap();
            let caught = catch_unwind(AssertUnwindSafe(|| message.run(|work| work())));
            assert_nothing_is_current();
            caught.is_err()
        };
        std::thread::spawn(receive).join().unwrap()
    }),
    ("a stream", |elsewhere, work| {
        let stream = Context::current().wrap_stream(tokio_stream::iter([1]).map(move |_| work()));
        elsewhere
            .runtime
            .block_on(async { tokio::spawn(async move { pin!(stream).next().await }).await.is_err() })
    }),
];

fn assert_nothing_is_current() {
    assert_eq!(Span::current().context(), None);
}

impl Elsewhere {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        Self { runtime, pool: rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap() }
    }

    /// The threads that stay have no context left.
    #[track_caller]
    fn assert_left(&self) {
        let mut left = self.pool.broadcast(|_| Span::current().context());
        left.extend(self.runtime.block_on(async {
            let mut tasks = JoinSet::new();
            for _ in 0..8 {
                tasks.spawn(async { Span::current().context() });
                tasks.spawn_blocking(|| Span::current().context());
            }
            tasks.join_all().await
        }));
        assert!(left.iter().all(Option::is_none), "{left:?}");
    }
}

fn scope() -> Scope {
    Scope::builder().real_clock().capacity(1_024).enter().unwrap()
}

/// Work that is traced, and what was current in it.
fn traced() -> (Work, Arc<Mutex<Vec<SpanContext>>>) {
    #[span]
    fn work(seen: &Mutex<Vec<SpanContext>>) {
        seen.lock().unwrap().push(Span::current().context().unwrap());
    }
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    (Arc::new(move || work(&kept)), seen)
}

#[span]
fn parent(helper: Helper, elsewhere: &Elsewhere, work: Work) -> (SpanContext, bool) {
    let here = Span::current().context().unwrap();
    let panicked = helper(elsewhere, work);
    assert_eq!(Span::current().context(), Some(here), "what goes on elsewhere changes nothing here");
    (here, panicked)
}

#[test]
fn a_recorded_trace_goes_on_elsewhere() {
    let elsewhere = Elsewhere::new();
    for (name, helper) in HELPERS {
        let scope = scope();
        let (work, seen) = traced();
        let (here, panicked) = parent(helper, &elsewhere, work);
        let there = seen.lock().unwrap()[0];
        assert_eq!((there.trace_id, there.is_sampled(), panicked), (here.trace_id, true, false), "{name}");
        assert_eq!(scope.tree(), "parent\n  work\n", "{name}");
        elsewhere.assert_left();
    }
}

#[test]
fn a_trace_that_is_not_recorded_is_not_decided_on_again_elsewhere() {
    let elsewhere = Elsewhere::new();
    for (name, helper) in HELPERS {
        let scope = Scope::builder().real_clock().sampler(NeverSample).enter().unwrap();
        let (work, seen) = traced();
        #[span]
        fn root(scope: &Scope, helper: Helper, elsewhere: &Elsewhere, work: Work) -> SpanContext {
            // Whoever asked again would be told to record.
            scope.set_sampler(AlwaysSample);
            parent(helper, elsewhere, work).0
        }
        let here = root(&scope, helper, &elsewhere, work);
        let there = seen.lock().unwrap()[0];
        assert_eq!((there.trace_id, there.is_sampled()), (here.trace_id, false), "{name}");
        assert!(scope.spans().is_empty(), "{name}: {}", scope.tree());
        assert_eq!(scope.accounting().started, 0, "{name}");
        elsewhere.assert_left();
    }
}

#[test]
fn what_a_filter_passes_over_here_is_passed_over_elsewhere() {
    #[span]
    fn outer(helper: Helper, elsewhere: &Elsewhere, work: Work) {
        parent(helper, elsewhere, work);
    }
    let elsewhere = Elsewhere::new();
    for (name, helper) in HELPERS {
        let scope = scope();
        scope.set_filter("trace,[parent]=off".parse::<Filter>().unwrap());
        outer(helper, &elsewhere, traced().0);
        assert_eq!(scope.tree(), "outer\n  work\n", "{name}");
    }
}

#[test]
fn without_a_span_there_is_none_elsewhere_either() {
    let elsewhere = Elsewhere::new();
    for (name, helper) in HELPERS {
        let scope = scope();
        let (work, seen) = traced();
        assert!(!helper(&elsewhere, work));
        assert_eq!(scope.tree(), "work\n", "{name}");
        assert!(seen.lock().unwrap()[0].is_sampled(), "{name}");
        assert_nothing_is_current();
    }
}

#[test]
fn a_panic_elsewhere_is_that_of_its_span_and_leaves_nothing() {
    #[span]
    fn falls() {
        panic!("the shelf fell");
    }
    let elsewhere = Elsewhere::new();
    for sampler in [true, false] {
        for (name, helper) in HELPERS {
            let scope = scope();
            if !sampler {
                scope.set_sampler(NeverSample);
            }
            let (_, panicked) = parent(helper, &elsewhere, Arc::new(falls));
            assert!(panicked, "{name}");
            elsewhere.assert_left();
            if !sampler {
                assert!(scope.spans().is_empty(), "{name}");
                continue;
            }
            let fallen = scope.assert_has_span("falls");
            assert_eq!((fallen.outcome, fallen.status), (Outcome::Panicked, Status::Error), "{name}");
            scope.assert_attribute_equals("falls", "error.type", "panic");
            scope.assert_attribute_equals("falls", "error.message", "the shelf fell");
            let here = scope.assert_has_span("parent");
            assert_eq!((here.outcome, here.status), (Outcome::Completed, Status::Unset), "{name}");
            assert_eq!(fallen.parent_span_id, Some(here.span_id), "{name}");
            let accounting = scope.accounting();
            assert_eq!((accounting.in_flight, accounting.late_writes), (0, 0), "{name}");
        }
    }
}
