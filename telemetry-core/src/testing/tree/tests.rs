use std::borrow::Cow;

use super::*;
use crate::record::{EventRecord, LinkRecord};
use crate::testing::assertions::sample::span;

fn attribute(key: &'static str, value: Value) -> Attribute {
    Attribute { key: key.into(), value }
}

fn text(value: &'static str) -> Value {
    Value::Str(Cow::Borrowed(value))
}

fn requests() -> Vec<SpanRecord> {
    let mut request = span("GET /books", 1, None);
    request.kind = SpanKind::Server;
    request.status = Status::Error;
    request.attributes =
        vec![attribute("http.route", text("/books \"all\"")), attribute("tries", Value::U64(2))];
    let mut query = span("query", 3, Some(1));
    query.attributes = vec![
        attribute("ratio", Value::F64(1.0)),
        attribute("hit", Value::Bool(false)),
        attribute("offset", Value::I64(-1)),
        attribute("key", Value::Bytes(vec![0, 255])),
    ];
    query.events = vec![
        EventRecord {
            name: "miss".into(),
            time_unix_nanos: 1,
            attributes: vec![attribute("tries", Value::I64(1))],
        },
        EventRecord { name: "done".into(), time_unix_nanos: 2, attributes: Vec::new() },
    ];
    // Out of order, as they end.
    vec![span("row", 4, Some(3)), query, span("authorize", 2, Some(1)), request]
}

#[test]
fn spans_stand_under_their_parents_by_start() {
    assert_eq!(
        SpanTree::new(&requests()).to_string(),
        r#"GET /books [server] [error] http.route="/books \"all\"" tries=2
  authorize
  query ratio=1.0 hit=false offset=-1 key=0x00ff
    - miss tries=1
    - done
    row
"#
    );
}

#[test]
fn what_changes_from_run_to_run_can_be_left_out() {
    let spans = requests();
    assert_eq!(
        SpanTree::new(&spans).without_attributes().without_events().to_string(),
        "GET /books [server] [error]\n  authorize\n  query\n    row\n"
    );
    let partly = SpanTree::new(&spans).without_attribute("tries").without_attribute("key").to_string();
    assert!(
        !partly.contains("tries") && !partly.contains("key=") && partly.contains("hit=false"),
        "{partly}"
    );
}

#[test]
fn equal_starts_stay_in_the_order_given() {
    let mut spans =
        vec![span("root", 1, None), span("b", 2, Some(1)), span("c", 3, Some(1)), span("a", 4, Some(1))];
    for span in &mut spans {
        span.start_unix_nanos = 7;
    }
    assert_eq!(SpanTree::new(&spans).to_string(), "root\n  b\n  c\n  a\n");
}

#[test]
fn spans_without_their_parent_stand_under_its_identifier() {
    let mut remote = span("served", 9, Some(0xbeef));
    remote.local_root = true;
    let spans =
        [span("late", 6, Some(0xabc)), span("early", 5, Some(0xabc)), span("inner", 7, Some(5)), remote];
    assert_eq!(
        SpanTree::new(&spans).to_string(),
        "(missing parent 0000000000000abc)\n  early\n    inner\n  late\n\
         (remote parent 000000000000beef)\n  served\n"
    );
    assert_eq!(
        SpanTree::new(&spans).without_ids().to_string(),
        "(missing parent)\n  early\n    inner\n  late\n(remote parent)\n  served\n"
    );
}

#[test]
fn the_same_identifier_in_another_trace_is_no_parent() {
    let mut stranger = span("stranger", 2, Some(1));
    stranger.trace_id = TraceId::new(99).unwrap();
    let spans = [span("root", 1, None), stranger];
    assert_eq!(SpanTree::new(&spans).without_ids().to_string(), "root\n(missing parent)\n  stranger\n");
}

#[test]
fn unfinished_work_losses_links_and_durations_show() {
    let mut root = span("root", 1, None);
    root.outcome = Outcome::Cancelled;
    root.dropped_attributes_count = 2;
    root.duration_nanos = 1_500_000;
    let link = |id| LinkRecord {
        trace_id: root.trace_id,
        span_id: SpanId::new(id).unwrap(),
        trace_flags: 1,
        trace_state: None,
        remote: false,
    };
    let links = vec![link(2), link(0xdd)];
    root.links = links;
    let spans = [root, span("line\nbreak", 2, None)];
    assert_eq!(
        SpanTree::new(&spans).with_durations().to_string(),
        "root [cancelled] 1.5ms (2 attributes dropped)\n  ~ \"line\\nbreak\"\n  \
         ~ 00000000000000000000000000000001 00000000000000dd\n\"line\\nbreak\" 0ns\n"
    );
}

#[test]
fn spans_that_are_each_others_parents_still_show() {
    let spans =
        [span("root", 1, None), span("a", 2, Some(3)), span("b", 3, Some(2)), span("self", 4, Some(4))];
    assert_eq!(SpanTree::new(&spans).to_string(), "root\n(parents in a circle)\n  a\n  b\n  self\n");
}

#[test]
fn a_deep_chain_does_not_exhaust_the_stack() {
    let spans: Vec<SpanRecord> = (1..=5_000).map(|id| span("deep", id, (id > 1).then(|| id - 1))).collect();
    assert_eq!(SpanTree::new(&spans).to_string().lines().count(), 5_000);
}
