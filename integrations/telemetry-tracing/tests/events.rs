//! What happens in spans of both kinds: events of the `tracing` crate, failures, panics.

#[path = "support/recorded.rs"]
mod recorded;

use recorded::{begin, find, text};
use telemetry_core::record::{EventRecord, Value};
use telemetry_core::{Context, Outcome, Status, span};
use tracing::{info_span, instrument};

#[track_caller]
fn assert_event(event: &EventRecord, name: &str, attributes: &[(&str, Value)]) {
    assert_eq!(event.name, name);
    let found: Vec<_> = event.attributes.iter().map(|a| (&*a.key, a.value.clone())).collect();
    assert_eq!(found, attributes);
}

#[test]
fn events_go_to_the_innermost_span_whoever_opened_it() {
    #[span]
    fn outer() {
        tracing::info!(target: "a", books = 3, "in ours");
        let theirs = info_span!("theirs").entered();
        tracing::debug!(shelf = "north", "in {}", "theirs");
        inner();
        tracing::warn!(target: "b", "again");
        drop(theirs);
        tracing::error!(target: "a", "ours says itself how it went");
    }
    #[span]
    fn inner() {
        tracing::trace!(target: "a", "in inner");
    }
    let (scope, _subscriber) = begin();
    outer();
    let spans = scope.spans();
    let (outer, theirs, inner) = (find(&spans, "outer"), find(&spans, "theirs"), find(&spans, "inner"));
    let level = |level| ("level", text(level));
    let target = |target| ("target", text(target));
    assert_event(&outer.events[0], "in ours", &[level("info"), target("a"), ("books", Value::I64(3))]);
    assert_eq!((outer.events.len(), outer.status), (2, Status::Unset));
    assert_event(&theirs.events[0], "in theirs", &[level("debug"), ("shelf", text("north"))]);
    assert_event(&theirs.events[1], "again", &[level("warn"), target("b")]);
    assert_eq!((theirs.events.len(), theirs.status), (2, Status::Unset));
    assert_event(&inner.events[0], "in inner", &[level("trace"), target("a")]);
    for span in spans {
        assert_eq!((span.dropped_events_count, span.dropped_attributes_count), (0, 0), "{}", span.name);
    }
}

#[test]
fn events_name_their_parent_and_those_without_any_go_nowhere() {
    let (scope, _subscriber) = begin();
    let span = info_span!("parent");
    info_span!("current").in_scope(|| {
        tracing::info!(parent: &span, "named");
        tracing::info!(parent: None, "of nobody");
    });
    tracing::info!("outside");
    // Another thread's context carries a span, not the right to write to it.
    let context = span.in_scope(Context::current);
    context.run(|| tracing::info!("carried"));
    drop(span);
    let spans = scope.spans();
    assert_event(&find(&spans, "parent").events[0], "named", &[("level", text("info"))]);
    assert_eq!(find(&spans, "parent").events.len(), 1);
    assert!(find(&spans, "current").events.is_empty());
}

#[test]
fn an_error_event_is_the_failure_of_its_span() {
    #[instrument(err)]
    fn load(id: i64) -> Result<(), String> {
        if id < 0 { Err(format!("no book {id}")) } else { Ok(()) }
    }
    let (scope, _subscriber) = begin();
    load(-1).unwrap_err();
    info_span!("told").in_scope(|| tracing::error!(code = 7, "out of {}", "books"));
    let load = find(&scope.spans(), "load");
    assert_eq!((load.status, load.outcome), (Status::Error, Outcome::Failed));
    assert_eq!(load.attribute("id"), Some(&Value::I64(-1)));
    assert_eq!(load.attribute("error.type"), Some(&text("_OTHER")));
    assert_eq!(load.attribute("error.message"), Some(&text("no book -1")));
    assert_eq!(load.events.len(), 1);
    let told = find(&scope.spans(), "told");
    assert_eq!(told.attribute("error.message"), Some(&text("out of books")));
    assert_eq!(told.events[0].attributes.last().unwrap().value, Value::I64(7));
}

#[test]
fn a_panic_is_recorded_on_the_spans_it_unwinds_through() {
    struct Destructor;
    impl Drop for Destructor {
        fn drop(&mut self) {
            info_span!("cleaning up").in_scope(|| ());
        }
    }
    let (scope, _subscriber) = begin();
    let caught = std::panic::catch_unwind(|| {
        let _outer = info_span!("outer").entered();
        let _destructor = Destructor;
        info_span!("inner").in_scope(|| panic!("shelf fell"));
    });
    caught.unwrap_err();
    info_span!("after").in_scope(|| ());
    let spans = scope.spans();
    for name in ["outer", "inner"] {
        let span = find(&spans, name);
        assert_eq!(
            (span.outcome, span.attribute("error.message")),
            (Outcome::Panicked, Some(&text("shelf fell")))
        );
    }
    assert_eq!(find(&spans, "cleaning up").outcome, Outcome::Completed);
    assert_eq!(find(&spans, "cleaning up").parent_span_id, Some(find(&spans, "outer").span_id));
    assert_eq!(
        (find(&spans, "after").outcome, find(&spans, "after").parent_span_id),
        (Outcome::Completed, None)
    );
}
