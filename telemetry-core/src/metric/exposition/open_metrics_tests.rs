//! `OpenMetrics`, to the byte.

use super::tests::{family, series};
use super::*;
use crate::id::{SpanId, TraceId};
use crate::metric::snapshot::MetricsSnapshot;

fn text(families: Vec<MetricFamily>) -> String {
    MetricsSnapshot { families, ..MetricsSnapshot::default() }.text_in(Format::OpenMetrics).to_owned()
}

fn exemplar(value: f64, time_unix_nanos: u64) -> Exemplar {
    let (trace, span) = (TraceId::new(0xab << 120 | 7), SpanId::new(0xcd));
    Exemplar::new(trace.unwrap(), span.unwrap(), value, time_unix_nanos)
}

fn histogram(bounds: &[f64], sum: f64, exemplars: Vec<Exemplar>) -> MetricSeries {
    let counts = vec![1; bounds.len() + 1];
    let value = MetricValue::Histogram { bounds: bounds.into(), counts, sum };
    MetricSeries { exemplars, ..series(&[], value) }
}

#[test]
fn a_counters_family_is_named_without_total() {
    let books = vec![series(&[("kind", "new")], MetricValue::Counter(u64::MAX))];
    let seconds = MetricFamily {
        unit: Some("seconds".into()),
        ..family(
            "wait_seconds_total",
            "Waited.",
            MetricKind::Counter,
            vec![series(&[], MetricValue::Counter(0))],
        )
    };
    let by_hand = vec![series(&[], MetricValue::Counter(1))];
    assert_eq!(
        text(vec![
            family("books_total", "Books.", MetricKind::Counter, books),
            seconds,
            family("jobs", "Named by hand.", MetricKind::Counter, by_hand),
        ]),
        "# TYPE books counter\n\
         # HELP books Books.\n\
         books_total{kind=\"new\"} 18446744073709551615\n\
         # TYPE wait_seconds counter\n\
         # UNIT wait_seconds seconds\n\
         # HELP wait_seconds Waited.\n\
         wait_seconds_total 0\n\
         # TYPE jobs counter\n\
         # HELP jobs Named by hand.\n\
         jobs_total 1\n\
         # EOF\n"
    );
}

#[test]
fn numbers_are_canonical() {
    let gauge =
        |name, value| family(name, "G.", MetricKind::Gauge, vec![series(&[], MetricValue::Gauge(value))]);
    let numbers = [3.0, -0.0, 0.5, 1e21, 100_000.0, 1e6, f64::NEG_INFINITY, f64::NAN];
    let text = text(numbers.iter().map(|number| gauge("g", *number)).collect());
    let written: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("g ")).collect();
    assert_eq!(written, ["3.0", "-0.0", "0.5", "1e+21", "100000.0", "1e+06", "-Inf", "NaN"]);
}

#[test]
fn buckets_and_counters_carry_their_exemplars() {
    let exemplars = vec![
        exemplar(0.25, 1_767_225_600_000_000_000),
        exemplar(0.5, 1_767_225_600_004_999_999),
        exemplar(9.0, 12_999_999),
    ];
    let counted = MetricSeries {
        exemplars: vec![exemplar(3.0, 1_000_000_000)],
        ..series(&[("kind", "new")], MetricValue::Counter(5))
    };
    assert_eq!(
        text(vec![
            family("a_seconds", "A.", MetricKind::Histogram, vec![histogram(&[0.5, 1.0], 7.0, exemplars)]),
            family("b_total", "B.", MetricKind::Counter, vec![counted]),
        ]),
        "# TYPE a_seconds histogram\n\
         # HELP a_seconds A.\n\
         a_seconds_bucket{le=\"0.5\"} 1 # {trace_id=\"ab000000000000000000000000000007\",span_id=\"00000000000000cd\"} 0.5 1767225600.004\n\
         a_seconds_bucket{le=\"1.0\"} 2\n\
         a_seconds_bucket{le=\"+Inf\"} 3 # {trace_id=\"ab000000000000000000000000000007\",span_id=\"00000000000000cd\"} 9.0 0.012\n\
         a_seconds_sum 7.0\n\
         a_seconds_count 3\n\
         # TYPE b counter\n\
         # HELP b B.\n\
         b_total{kind=\"new\"} 5 # {trace_id=\"ab000000000000000000000000000007\",span_id=\"00000000000000cd\"} 3.0 1.000\n\
         # EOF\n"
    );
}

#[test]
fn the_text_format_has_no_exemplars() {
    let series = vec![histogram(&[0.5], 7.0, vec![exemplar(0.25, 0), exemplar(9.0, 0)])];
    let families = vec![family("a", "A.", MetricKind::Histogram, series)];
    let text = MetricsSnapshot { families, ..MetricsSnapshot::default() }.text().to_owned();
    assert!(!text[2..].lines().any(|line| line.contains(" # ")), "{text}");
    assert!(!text.contains("EOF"), "{text}");
}

#[test]
fn a_sum_that_may_fall_is_left_out() {
    let suffixes = |bounds: &[f64], sum| {
        let text =
            text(vec![family("a", "A.", MetricKind::Histogram, vec![histogram(bounds, sum, Vec::new())])]);
        text.lines().filter(|line| line.starts_with("a_sum") || line.starts_with("a_count")).count()
    };
    assert_eq!((suffixes(&[-1.0, 1.0], 5.0), suffixes(&[1.0], -5.0)), (0, 0));
    assert_eq!((suffixes(&[0.0, 1.0], 5.0), suffixes(&[], 0.0)), (2, 2));
}

#[test]
fn help_is_escaped_as_label_values_are() {
    let value = "back\\slash \"quote\" line\nfeed";
    let family =
        family("g", value, MetricKind::Gauge, vec![series(&[("l", value)], MetricValue::Gauge(1.5))]);
    assert_eq!(
        text(vec![family]),
        "# TYPE g gauge\n\
         # HELP g back\\\\slash \\\"quote\\\" line\\nfeed\n\
         g{l=\"back\\\\slash \\\"quote\\\" line\\nfeed\"} 1.5\n\
         # EOF\n"
    );
}

#[test]
fn a_unit_the_name_does_not_end_in_is_left_out() {
    let with = |name, unit: &'static str| MetricFamily {
        unit: Some(unit.into()),
        ..family(name, "H.", MetricKind::Gauge, Vec::new())
    };
    let text = text(vec![
        with("a_bytes", "bytes"),
        with("bytes", "bytes"),
        with("a_kilobytes", "bytes"),
        with("b_", ""),
    ]);
    let units: Vec<&str> = text.lines().filter(|line| line.starts_with("# UNIT")).collect();
    assert_eq!(units, ["# UNIT a_bytes bytes"]);
}
