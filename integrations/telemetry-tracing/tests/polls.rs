//! Spans of both kinds around futures that many threads poll in turn.

use std::collections::HashMap;

use telemetry_core::record::{SpanRecord, Value};
use telemetry_core::testing::Scope;
use telemetry_core::{AlwaysSample, Context, NeverSample, Span, span, trace};
use telemetry_tracing::SpanLayer;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tracing::instrument::{Instrument, WithSubscriber};
use tracing::{Dispatch, info_span};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;

#[trace(name = "outer", attrs(number))]
async fn outer(number: u64) {
    tokio::task::yield_now().await;
    async {
        tokio::task::yield_now().await;
        inner(number).await;
        tokio::task::yield_now().await;
        tracing::info!(number);
    }
    .instrument(info_span!("theirs", number))
    .await;
    tokio::task::yield_now().await;
    info_span!("last", number).in_scope(|| ());
}

#[trace(name = "inner", attrs(number))]
async fn inner(number: u64) {
    let spawned = async move {
        tokio::task::yield_now().await;
        info_span!("deep", number).in_scope(|| ());
    };
    // A task of its own, with the span it was spawned in.
    tokio::spawn(Context::current().wrap_future(spawned.with_current_subscriber())).await.unwrap();
    // A guard of `tracing` that is never left goes with the poll of ours that it was made in.
    std::mem::forget(info_span!(parent: None, "forgotten", number).entered());
}

fn number(span: &SpanRecord) -> u64 {
    match span.attribute("number") {
        Some(Value::U64(number)) => *number,
        other => panic!("{other:?}"),
    }
}

/// Runs tasks to their end, each under the context of this thread and our layer.
fn run_on_four_threads<F>(tasks: impl Iterator<Item = F>) -> Runtime
where
    F: Future<Output = ()> + Send + 'static,
{
    let dispatch = Dispatch::new(registry().with(SpanLayer::new()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    let context = Context::current();
    runtime.block_on(async {
        let running: JoinSet<()> =
            tasks.map(|task| context.wrap_future(task).with_subscriber(dispatch.clone())).collect();
        running.join_all().await;
    });
    runtime
}

#[test]
fn every_span_has_the_right_parent_whichever_thread_polls() {
    const TASKS: u64 = 200;
    let scope = Scope::builder().real_clock().capacity(4_096).enter().unwrap();
    let runtime = run_on_four_threads((0..TASKS).map(outer));
    runtime.block_on(async {
        tokio::spawn(async { assert!(Span::current().context().is_none(), "nothing is left on a thread") })
            .await
            .unwrap();
    });
    let spans = scope.spans();
    let by_id: HashMap<_, _> = spans.iter().map(|span| (span.span_id, span)).collect();
    let mut counts = HashMap::new();
    for span in &spans {
        *counts.entry(span.name.to_string()).or_insert(0) += 1;
        let parent = span.parent_span_id.map(|parent| by_id[&parent]);
        let expected = match &*span.name {
            "outer" => None,
            "theirs" | "last" => Some("outer"),
            "inner" => Some("theirs"),
            "deep" => Some("inner"),
            other => panic!("{other}"),
        };
        assert_eq!(parent.map(|parent| &*parent.name), expected, "{}", span.name);
        if let Some(parent) = parent {
            assert_eq!((number(parent), parent.trace_id), (number(span), span.trace_id));
        }
        if span.name == "theirs" {
            assert_eq!(span.events[0].attributes.last().unwrap().value, Value::U64(number(span)));
        }
    }
    assert_eq!(counts.len(), 5);
    assert!(counts.values().all(|count| *count == TASKS), "{counts:?}");
}

#[span]
fn ours() {}

#[test]
fn what_is_carried_out_of_a_span_of_theirs_hangs_on_it() {
    for is_sampled in [true, false] {
        let scope = Scope::builder().real_clock().enter().unwrap();
        if !is_sampled {
            scope.set_sampler(NeverSample);
        }
        let dispatch = Dispatch::new(registry().with(SpanLayer::new()));
        tracing::dispatcher::with_default(&dispatch, || {
            let theirs = info_span!("theirs");
            let (context, identity) =
                theirs.in_scope(|| (Context::current(), Span::current().context().unwrap()));
            assert_eq!(identity.is_sampled(), is_sampled);
            // Nobody decides on the trace again.
            scope.set_sampler(AlwaysSample);
            let there = dispatch.clone();
            let work = context.wrap(move || {
                tracing::dispatcher::with_default(&there, || {
                    ours();
                    info_span!("theirs there").in_scope(ours);
                    Span::current().context().unwrap()
                })
            });
            let inside = std::thread::spawn(work).join().unwrap();
            assert_eq!((inside.trace_id, inside.is_sampled()), (identity.trace_id, is_sampled));
            drop(theirs);
        });
        let expected = if is_sampled { "theirs\n  ours\n  theirs there\n    ours\n" } else { "" };
        assert_eq!(scope.tree(), expected);
    }
}

#[test]
fn ours_hang_on_theirs_around_them_whichever_thread_polls() {
    const TASKS: usize = 100;
    #[trace(name = "inside")]
    async fn inside() {
        tokio::task::yield_now().await;
        let their_own = async {
            tokio::task::yield_now().await;
            ours();
        };
        their_own.instrument(info_span!("between")).await;
    }
    let scope = Scope::builder().real_clock().capacity(4_096).enter().unwrap();
    run_on_four_threads((0..TASKS).map(|_| async { inside().instrument(info_span!("around")).await }));
    assert_eq!(scope.tree(), "around\n  inside\n    between\n      ours\n".repeat(TASKS));
}
