use std::panic::{AssertUnwindSafe, catch_unwind};

use super::sample::span;
use super::*;
use crate::metric::snapshot::{Labels, MetricKind};
use crate::record::Attribute;

struct Kept {
    spans: Vec<SpanRecord>,
    metrics: Option<Arc<MetricsSnapshot>>,
}

impl Recorded for Kept {
    fn spans(&self) -> Vec<SpanRecord> {
        self.spans.clone()
    }

    fn latest_metrics(&self) -> Option<Arc<MetricsSnapshot>> {
        self.metrics.clone()
    }
}

const TREE: &str = "load [error] id=7 title=\"The Trial\"\n  query\n    row\n";
const LOOKUPS: &str =
    "lookups_total{outcome=\"hit\",shop=\"a\"} 3\nlookups_total{outcome=\"miss\",shop=\"a\"} 0\n";

fn kept() -> Kept {
    let mut load = span("load", 1, None);
    load.status = Status::Error;
    load.attributes = vec![
        Attribute { key: "id".into(), value: Value::I64(7) },
        Attribute { key: "title".into(), value: Value::Str("The Trial".into()) },
    ];
    let family = |name: &'static str, kind, series| MetricFamily {
        name: name.into(),
        help: "Help.".into(),
        unit: None,
        kind,
        crate_name: "books".into(),
        crate_version: "1.2.3".into(),
        series,
    };
    let lookups = |outcome: &'static str, total| {
        let labels = vec![("outcome".into(), outcome.into()), ("shop".into(), "a".into())];
        MetricSeries::new(labels, MetricValue::Counter(total))
    };
    let one = |value| vec![MetricSeries::new(Labels::default(), value)];
    let took = MetricValue::Histogram { bounds: [1.0].into(), counts: vec![2, 1], sum: 4.5 };
    let metrics = MetricsSnapshot {
        families: vec![
            family("depth", MetricKind::Gauge, one(MetricValue::Gauge(0.5))),
            family("lookups_total", MetricKind::Counter, vec![lookups("hit", 3), lookups("miss", 0)]),
            family("took_seconds", MetricKind::Histogram, one(took)),
        ],
        ..MetricsSnapshot::default()
    };
    let spans = vec![span("row", 3, Some(2)), span("query", 2, Some(1)), load];
    Kept { spans, metrics: Some(Arc::new(metrics)) }
}

fn message(assertion: impl FnOnce(&Kept)) -> String {
    message_of(&kept(), assertion)
}

fn message_of(kept: &Kept, assertion: impl FnOnce(&Kept)) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| assertion(kept))).expect_err("the assertion held");
    *panic.downcast::<String>().unwrap()
}

#[test]
fn what_is_there_passes() {
    let kept = kept();
    kept.assert_span_count(3);
    assert_eq!(kept.assert_has_span("query").span_id.to_u64(), 2);
    kept.assert_attribute_equals("load", "id", 7);
    kept.assert_attribute_equals("load", "id", 7_u64);
    kept.assert_attribute_equals("load", "title", "The Trial");
    kept.assert_attribute_contains("load", "title", "Tri");
    kept.assert_status("load", Status::Error);
    kept.assert_status("query", Status::Unset);
    kept.assert_ancestors("row", &["query", "load"]);
    kept.assert_ancestors("row", &["query"]);
    kept.assert_metric_present("depth");
    kept.assert_metric_has_label("lookups_total", "outcome", "miss");
    kept.assert_metric_value("lookups_total", &[("outcome", "hit")], 3);
    kept.assert_metric_value("lookups_total", &[("outcome", "miss"), ("shop", "a")], 0);
    kept.assert_metric_value("depth", &[], 0.5);
    kept.assert_metric_value("took_seconds_count", &[], 3);
    kept.assert_metric_value("took_seconds_sum", &[], 4.5);
    kept.spans[..2].to_vec().assert_no_error_spans();
}

#[test]
fn a_failed_span_assertion_shows_the_tree() {
    let cases: [(String, &str); 10] = [
        (message(|kept| kept.assert_span_count(2)), "expected 2 spans, found 3"),
        (message(|kept| drop(kept.assert_has_span("save"))), "expected a span \"save\", found none"),
        (
            message(|kept| kept.assert_attribute_equals("load", "id", "7")),
            "expected a span \"load\" with id=\"7\"",
        ),
        (message(|kept| kept.assert_attribute_equals("load", "id", 8)), "expected a span \"load\" with id=8"),
        (
            message(|kept| kept.assert_attribute_equals("query", "id", true)),
            "expected a span \"query\" with id=true",
        ),
        (
            message(|kept| kept.assert_attribute_contains("load", "title", "Castle")),
            "expected a span \"load\" with \"Castle\" in the text of title",
        ),
        (message(|kept| kept.assert_status("load", Status::Ok)), "expected a span \"load\" with status ok"),
        (message(Assertions::assert_no_error_spans), "expected no span with status error, found [\"load\"]"),
        (message(|kept| kept.assert_ancestors("row", &["load"])), "expected a span \"row\" under load"),
        (
            message(|kept| kept.assert_ancestors("row", &["query", "load", "main"])),
            "expected a span \"row\" under query under load under main",
        ),
    ];
    for (message, expected) in cases {
        assert_eq!(message, format!("{expected}; recorded were:\n{TREE}"));
    }
}

#[test]
fn a_failed_metric_assertion_shows_the_metric() {
    for (message, expected) in [
        (
            message(|kept| kept.assert_metric_has_label("lookups_total", "outcome", "late")),
            "expected a series of lookups_total with outcome=\"late\", found none",
        ),
        (
            message(|kept| kept.assert_metric_value("lookups_total", &[("outcome", "hit")], 4)),
            "expected lookups_total{outcome=\"hit\"} to be 4, found 3",
        ),
        (
            message(|kept| kept.assert_metric_value("lookups_total", &[("shop", "a")], 3)),
            "expected lookups_total{shop=\"a\"} to be 3, found 2 such series",
        ),
        (
            message(|kept| kept.assert_metric_value("lookups_total", &[("shop", "b")], 3)),
            "expected lookups_total{shop=\"b\"} to be 3, found no such series",
        ),
    ] {
        assert_eq!(message, format!("{expected}; recorded were:\n{LOOKUPS}"));
    }
    let absent = message(|kept| kept.assert_metric_present("sales_total"));
    assert!(absent.starts_with("expected a metric sales_total, found none; recorded were:\ndepth 0.5\n"));
    assert!(absent.contains(LOOKUPS));
    let took = message(|kept| kept.assert_metric_value("took_seconds_count", &[], 2));
    assert!(took.contains("found 3") && took.contains("took_seconds_bucket{le=\"+Inf\"} 3\n"), "{took}");
}

#[test]
fn nothing_recorded_is_said() {
    let nothing = Kept { spans: Vec::new(), metrics: None };
    assert_eq!(
        message_of(&nothing, |kept| drop(kept.assert_has_span("load"))),
        "expected a span \"load\", found none; no spans were recorded"
    );
    assert_eq!(
        message_of(&nothing, |kept| kept.assert_metric_present("depth")),
        "expected a metric depth, found none; no metrics were recorded"
    );
    nothing.assert_span_count(0);
    nothing.assert_no_error_spans();
}
