//! Spans of the `tracing` crate join ours: parents, threads, attributes, filters, how long they last.

#[path = "support/recorded.rs"]
mod recorded;

use std::fmt;
use std::time::Duration;

use recorded::{begin, find, text};
use telemetry_core::record::Value;
use telemetry_core::testing::Scope;
use telemetry_core::{Filter, Level, NeverSample, Outcome, Span, SpanKind, Status, span};
use telemetry_tracing::SpanLayer;
use tracing::{Dispatch, field, info_span};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, registry};

#[span]
fn ours() {}

#[test]
fn spans_of_both_kinds_hang_on_each_other_in_any_order() {
    #[span]
    fn outer() {
        let _one = info_span!("theirs").entered();
        {
            let _two = info_span!("theirs inside").entered();
            ours();
        }
        middle();
        info_span!(parent: None, "root of its own").in_scope(ours);
    }
    #[span]
    fn middle() {
        info_span!("theirs in ours").in_scope(|| ());
    }
    let (scope, _subscriber) = begin();
    outer();
    assert_eq!(
        scope.tree(),
        "outer\n  theirs\n    theirs inside\n      ours\n    middle\n      theirs in ours\n\
         root of its own\n  ours\n"
    );
    assert!(Span::current().context().is_none(), "everything was left");
}

#[test]
fn a_parent_that_is_named_counts_and_one_that_was_not_recorded_makes_a_root() {
    let scope = Scope::new();
    let layer = SpanLayer::new().with_filter(LevelFilter::INFO);
    let _subscriber = tracing::subscriber::set_default(registry().with(layer));
    let parent = info_span!("parent");
    let hidden = tracing::debug_span!("hidden");
    info_span!("elsewhere").in_scope(|| {
        info_span!(parent: &parent, "child").in_scope(ours);
        info_span!(parent: &hidden, "orphan");
        // A span that the layer does not see is passed over.
        hidden.in_scope(|| info_span!("nearest"));
    });
    drop(parent);
    let spans = scope.spans();
    assert_eq!(find(&spans, "child").parent_span_id, Some(find(&spans, "parent").span_id));
    assert_eq!(find(&spans, "ours").parent_span_id, Some(find(&spans, "child").span_id));
    assert_eq!(find(&spans, "nearest").parent_span_id, Some(find(&spans, "elsewhere").span_id));
    assert_eq!(find(&spans, "orphan").parent_span_id, None);
    assert_eq!(spans.len(), 6);
}

#[test]
fn one_span_is_entered_on_many_threads_at_once() {
    let (scope, _subscriber) = begin();
    let shared = info_span!("shared", finished = field::Empty);
    let dispatch = tracing::dispatcher::get_default(Dispatch::clone);
    let barrier = std::sync::Barrier::new(2);
    std::thread::scope(|threads| {
        for number in 0..2_i64 {
            let (shared, dispatch, barrier) = (&shared, &dispatch, &barrier);
            threads.spawn(move || {
                let _default = tracing::dispatcher::set_default(dispatch);
                let entered = shared.enter();
                barrier.wait();
                info_span!("child", number).in_scope(ours);
                shared.record("finished", number);
                barrier.wait();
                drop(entered);
                assert!(Span::current().context().is_none());
            });
        }
    });
    drop(shared);
    let spans = scope.spans();
    let shared = find(&spans, "shared");
    assert_eq!((spans.len(), shared.outcome), (5, Outcome::Completed));
    assert!(matches!(shared.attribute("finished"), Some(Value::I64(0 | 1))), "the last one counts");
    for child in spans.iter().filter(|span| span.name == "child") {
        assert_eq!(child.parent_span_id, Some(shared.span_id));
        assert!(spans.iter().any(|span| span.name == "ours" && span.parent_span_id == Some(child.span_id)));
    }
}

#[test]
fn fields_become_attributes_of_their_types() {
    #[derive(Debug, thiserror::Error)]
    #[error("no shelf")]
    struct NoShelf(#[source] fmt::Error);

    let (scope, _subscriber) = begin();
    let error = NoShelf(fmt::Error);
    let span = info_span!(
        "typed",
        i = -3,
        u = 3_u64,
        f = 0.5,
        b = true,
        s = "text",
        debug = ?Some(1),
        display = %"shown",
        wide = i128::from(i64::MIN),
        later = field::Empty,
        never = field::Empty,
    );
    span.record("later", 7_u64).record("s", "again");
    drop(span);
    drop(info_span!("failed", cause = &error as &(dyn std::error::Error + 'static), huge = u128::MAX));
    let typed = find(&scope.spans(), "typed");
    let expected = [
        ("i", Value::I64(-3)),
        ("u", Value::U64(3)),
        ("f", Value::F64(0.5)),
        ("b", Value::Bool(true)),
        ("s", text("again")),
        ("debug", text("Some(1)")),
        ("display", text("shown")),
        ("wide", Value::I64(i64::MIN)),
        ("later", Value::U64(7)),
    ];
    assert_eq!(typed.attributes.len(), expected.len(), "{:?}", typed.attributes);
    for (key, value) in expected {
        assert_eq!(typed.attribute(key), Some(&value), "{key}");
    }
    let failed = find(&scope.spans(), "failed");
    assert_eq!(failed.attribute("cause"), Some(&text(&format!("no shelf: {}", fmt::Error))));
    assert_eq!(failed.attribute("huge"), Some(&text(&u128::MAX.to_string())));
}

#[test]
fn a_span_says_where_it_is_and_fields_of_opentelemetry_describe_it() {
    let (scope, _subscriber) = begin();
    let name = "SELECT books";
    drop(info_span!(target: "books::db", "query", otel.name = name, otel.kind = "client", rows = 3));
    let line = line!() - 1;
    drop(info_span!("fine", otel.status_code = "OK"));
    let failed = info_span!("bad", otel.status_code = field::Empty, otel.status_message = field::Empty);
    failed.record("otel.status_code", "ERROR").record("otel.status_message", "no rows");
    drop(failed);
    let spans = scope.spans();
    let query = find(&spans, "SELECT books");
    assert_eq!((query.kind, query.attributes.len()), (SpanKind::Client, 1));
    assert_eq!((query.origin.module, query.origin.crate_name), ("books::db", "spans"));
    assert!(query.origin.file.ends_with("spans.rs"));
    assert_eq!(query.line, line);
    assert_eq!(find(&spans, "fine").status, Status::Ok);
    let bad = find(&spans, "bad");
    assert_eq!((bad.status, bad.attribute("error.message")), (Status::Error, Some(&text("no rows"))));
}

#[test]
fn spans_left_in_any_order_leave_nothing_behind() {
    let (scope, _subscriber) = begin();
    let (one, two) = (info_span!("one").entered(), info_span!("two").entered());
    drop(one);
    ours();
    drop(two);
    assert!(Span::current().context().is_none());
    let recursive = info_span!("recursive");
    recursive.in_scope(|| recursive.in_scope(|| ()));
    assert!(Span::current().context().is_none());
    drop(recursive);
    assert_eq!(scope.tree(), "one\n  two\n    ours\nrecursive\n");
}

#[test]
fn two_subscribers_on_a_thread_do_not_mix_up_their_spans() {
    let (scope, _subscriber) = begin();
    let one = info_span!("one").entered();
    let other = registry().with(SpanLayer::new());
    tracing::subscriber::with_default(other, || {
        let two = info_span!("two").entered();
        assert_eq!(two.id(), one.id(), "each subscriber counts its own spans");
        drop(two);
        ours();
    });
    drop(one);
    assert_eq!(scope.tree(), "one\n  two\n  ours\n");
}

#[test]
fn code_of_a_value_may_come_back_to_the_very_span() {
    struct Talks<'a>(&'a tracing::Span);
    impl fmt::Debug for Talks<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            tracing::info!(parent: self.0, "asked");
            self.0.record("asked", true);
            info_span!(parent: self.0, "child of the asked");
            f.write_str("said")
        }
    }
    struct Panics;
    impl fmt::Debug for Panics {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("no words")
        }
    }
    let (scope, _subscriber) = begin();
    let span = info_span!("span", value = field::Empty, asked = field::Empty, panics = ?Panics);
    span.record("value", field::debug(Talks(&span)));
    span.in_scope(|| tracing::info!(value = ?Talks(&span), "told"));
    drop(span);
    let recorded = find(&scope.spans(), "span");
    assert_eq!(recorded.attribute("value"), Some(&text("said")));
    assert_eq!(recorded.attribute("asked"), Some(&Value::Bool(true)));
    assert_eq!(recorded.attribute("panics"), Some(&text("(its `Debug` panicked)")));
    let names: Vec<_> = recorded.events.iter().map(|event| &*event.name).collect();
    // Of an event that happens while another is recorded, `tracing` tells nobody.
    assert_eq!(names, ["asked", "told"]);
}

#[test]
fn what_follows_from_a_span_links_to_it() {
    let (scope, _subscriber) = begin();
    let (before, after) = (info_span!("before"), info_span!("after"));
    after.follows_from(&before);
    drop((before, after));
    let spans = scope.spans();
    assert_eq!(find(&spans, "after").links[0].span_id, find(&spans, "before").span_id);
}

#[test]
fn filters_of_ours_go_by_target_level_and_name() {
    let (scope, _subscriber) = begin();
    scope.set_filter("off,books=debug,books::db=off".parse::<Filter>().unwrap());
    tracing::debug_span!(target: "books", "kept").in_scope(|| {
        tracing::trace_span!(target: "books", "too fine").in_scope(|| {
            info_span!(target: "books::db", "off").in_scope(|| {
                info_span!(target: "books::api", "kept as well");
            });
        });
    });
    info_span!(target: "others", "off too");
    assert_eq!(scope.tree(), "kept\n  kept as well\n");
    assert_eq!(Level::Debug.as_str(), "debug");
}

#[test]
fn nothing_is_recorded_of_a_trace_that_is_not_sampled_or_while_telemetry_is_off() {
    let scope = Scope::builder().sampler(NeverSample).enter().unwrap();
    let _subscriber = tracing::subscriber::set_default(registry().with(SpanLayer::new()));
    let unsampled = info_span!("unsampled", asked = field::Empty);
    unsampled.in_scope(|| {
        let inside = Span::current().context().unwrap();
        assert!(!inside.is_sampled());
        info_span!("child").in_scope(|| {
            assert_eq!(Span::current().context(), Some(inside), "the decision is handed down");
            ours();
            tracing::error!("unheard");
        });
        unsampled.record("asked", 1);
    });
    drop(unsampled);
    scope.disable();
    info_span!("off").in_scope(|| assert!(Span::current().context().is_none()));
    assert!(scope.spans().is_empty());
    let accounting = scope.accounting();
    assert_eq!((accounting.started, accounting.in_flight), (0, 0), "{accounting:?}");
}

#[test]
fn a_span_lasts_until_its_last_handle_is_gone() {
    let (scope, _subscriber) = begin();
    let span = info_span!("long");
    let clone = span.clone();
    scope.advance(Duration::from_millis(5));
    span.in_scope(|| tracing::info!("moment"));
    drop(span);
    assert!(scope.spans().is_empty());
    scope.advance(Duration::from_millis(7));
    drop(clone);
    let long = find(&scope.spans(), "long");
    assert_eq!(long.duration_nanos, 12_000_000);
    assert_eq!(long.events[0].time_unix_nanos - long.start_unix_nanos, 5_000_000);
}
