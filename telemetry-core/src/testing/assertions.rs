//! Assertions over what was recorded; a failed one shows what was there.

use std::sync::Arc;

use super::tree::SpanTree;
use crate::metric::snapshot::{MetricFamily, MetricSeries, MetricValue, MetricsSnapshot};
use crate::record::{SpanRecord, Status, Value};

mod expected;
#[cfg(test)]
pub(super) mod sample;
#[cfg(test)]
mod tests;

pub use expected::Expected;

/// Anything that keeps what was recorded: a memory sink, a test's own scope, a plain list of spans.
pub trait Recorded {
    /// The finished spans.
    fn spans(&self) -> Vec<SpanRecord>;

    /// The last state of the instruments; none where none was taken yet.
    fn latest_metrics(&self) -> Option<Arc<MetricsSnapshot>>;
}

impl Recorded for Vec<SpanRecord> {
    fn spans(&self) -> Vec<SpanRecord> {
        self.clone()
    }

    fn latest_metrics(&self) -> Option<Arc<MetricsSnapshot>> {
        None
    }
}

/// Assertions over anything [`Recorded`]. Those that name a span hold when at least one span of that name fits.
///
/// # Panics
/// Every method panics at the caller's line when the assertion does not hold; the message ends with the tree of spans,
/// or with the lines of the metrics.
pub trait Assertions: Recorded {
    /// Asserts how many spans were recorded.
    #[track_caller]
    fn assert_span_count(&self, count: usize) {
        let spans = self.spans();
        check(spans.len() == count, &spans, || format!("expected {count} spans, found {}", spans.len()));
    }

    /// Asserts that a span of this name was recorded, and returns the first one.
    #[track_caller]
    fn assert_has_span(&self, name: &str) -> SpanRecord {
        let spans = self.spans();
        match spans.iter().find(|span| span.name == name) {
            Some(span) => span.clone(),
            None => fail(&spans, &format!("expected a span {name:?}, found none")),
        }
    }

    /// Asserts the value of an attribute. Integers compare by value, whether signed or not.
    #[track_caller]
    fn assert_attribute_equals(&self, name: &str, key: &str, value: impl Expected) {
        let spans = self.spans();
        let holds = named(&spans, name).any(|span| span.attribute(key).is_some_and(|it| value.equals(it)));
        check(holds, &spans, || format!("expected a span {name:?} with {key}={}", value.shown()));
    }

    /// Asserts that the text of an attribute contains another.
    #[track_caller]
    fn assert_attribute_contains(&self, name: &str, key: &str, part: &str) {
        let spans = self.spans();
        let contains = |value: &Value| matches!(value, Value::Str(text) if text.contains(part));
        let holds = named(&spans, name).any(|span| span.attribute(key).is_some_and(contains));
        check(holds, &spans, || format!("expected a span {name:?} with {part:?} in the text of {key}"));
    }

    /// Asserts the status of a span.
    #[track_caller]
    fn assert_status(&self, name: &str, status: Status) {
        let spans = self.spans();
        let holds = named(&spans, name).any(|span| span.status == status);
        check(holds, &spans, || format!("expected a span {name:?} with status {}", status.as_str()));
    }

    /// Asserts that no span failed.
    #[track_caller]
    fn assert_no_error_spans(&self) {
        let spans = self.spans();
        let failed: Vec<&str> =
            spans.iter().filter(|span| span.status == Status::Error).map(|span| &*span.name).collect();
        check(failed.is_empty(), &spans, || format!("expected no span with status error, found {failed:?}"));
    }

    /// Asserts the names of a span's ancestors, its parent first; there may be more above the last one named.
    #[track_caller]
    fn assert_ancestors(&self, name: &str, ancestors: &[&str]) {
        let spans = self.spans();
        let holds = named(&spans, name).any(|span| {
            let mut above = Some(span);
            ancestors.iter().all(|ancestor| {
                above = above.and_then(|span| parent(&spans, span));
                above.is_some_and(|span| span.name == *ancestor)
            })
        });
        check(holds, &spans, || format!("expected a span {name:?} under {}", ancestors.join(" under ")));
    }

    /// Asserts that an instrument of this name was exported.
    #[track_caller]
    fn assert_metric_present(&self, name: &str) {
        let metrics = self.latest_metrics();
        if family(metrics.as_deref(), name).is_none() {
            fail_metric(metrics.as_deref(), name, &format!("expected a metric {name}, found none"));
        }
    }

    /// Asserts that an instrument has a series with this label and value.
    #[track_caller]
    fn assert_metric_has_label(&self, name: &str, label: &str, value: &str) {
        let metrics = self.latest_metrics();
        let series = family(metrics.as_deref(), name).map_or(&[][..], |family| &family.series);
        if !series.iter().any(|series| has_labels(series, &[(label, value)])) {
            fail_metric(
                metrics.as_deref(),
                name,
                &format!("expected a series of {name} with {label}={value:?}, found none"),
            );
        }
    }

    /// Asserts the value of the one series that has all these labels, and perhaps others. A histogram is asked for by
    /// its name with `_count` or `_sum`.
    #[track_caller]
    fn assert_metric_value(&self, name: &str, labels: &[(&str, &str)], value: impl Into<f64>) {
        let metrics = self.latest_metrics();
        let value = value.into();
        let found = values(metrics.as_deref(), name, labels);
        if found.len() != 1 || found[0].partial_cmp(&value).is_none_or(std::cmp::Ordering::is_ne) {
            let found = match found[..] {
                [] => "no such series".to_owned(),
                [one] => one.to_string(),
                _ => format!("{} such series", found.len()),
            };
            let labels: Vec<String> =
                labels.iter().map(|(label, value)| format!("{label}={value:?}")).collect();
            let labels = labels.join(",");
            fail_metric(
                metrics.as_deref(),
                name,
                &format!("expected {name}{{{labels}}} to be {value}, found {found}"),
            );
        }
    }
}

impl<R: Recorded + ?Sized> Assertions for R {}

fn named<'a>(spans: &'a [SpanRecord], name: &str) -> impl Iterator<Item = &'a SpanRecord> {
    spans.iter().filter(move |span| span.name == name)
}

fn parent<'a>(spans: &'a [SpanRecord], span: &SpanRecord) -> Option<&'a SpanRecord> {
    let parent = span.parent_span_id?;
    spans.iter().find(|other| other.trace_id == span.trace_id && other.span_id == parent)
}

fn family<'a>(metrics: Option<&'a MetricsSnapshot>, name: &str) -> Option<&'a MetricFamily> {
    metrics?.families.iter().find(|family| family.name == name)
}

fn has_labels(series: &MetricSeries, labels: &[(&str, &str)]) -> bool {
    labels.iter().all(|(name, value)| series.labels.iter().any(|(n, v)| n == name && v == value))
}

/// One figure of a histogram, from its count and its sum.
type Figure = fn(u64, f64) -> f64;

/// What a histogram's name may end with, and the figure then meant.
const HISTOGRAM_PARTS: [(&str, Figure); 2] = [("_count", |count, _| count as f64), ("_sum", |_, sum| sum)];

/// The values of all series of an instrument that have these labels.
fn values(metrics: Option<&MetricsSnapshot>, name: &str, labels: &[(&str, &str)]) -> Vec<f64> {
    let series = |name| {
        let series = family(metrics, name).map_or(&[][..], |family| &family.series);
        series.iter().filter(|series| has_labels(series, labels))
    };
    let whole = series(name).filter_map(|series| match &series.value {
        MetricValue::Counter(total) => Some(*total as f64),
        MetricValue::RealCounter(value) | MetricValue::Gauge(value) => Some(*value),
        MetricValue::Histogram { .. } | MetricValue::Exponential(_) => None,
    });
    let parts = HISTOGRAM_PARTS.iter().filter_map(|(suffix, figure)| {
        let series = series(name.strip_suffix(suffix)?);
        Some(series.filter_map(move |series| {
            let (count, sum) = series.value.observed()?;
            Some(figure(count, sum))
        }))
    });
    whole.chain(parts.flatten()).collect()
}

#[track_caller]
fn check(holds: bool, spans: &[SpanRecord], message: impl FnOnce() -> String) {
    if !holds {
        fail(spans, &message());
    }
}

#[track_caller]
fn fail(spans: &[SpanRecord], message: &str) -> ! {
    assert!(!spans.is_empty(), "{message}; no spans were recorded");
    panic!("{message}; recorded were:\n{}", SpanTree::new(spans));
}

#[track_caller]
fn fail_metric(metrics: Option<&MetricsSnapshot>, name: &str, message: &str) -> ! {
    let Some(metrics) = metrics else { panic!("{message}; no metrics were recorded") };
    let samples: Vec<&str> = metrics.text().lines().filter(|line| !line.starts_with('#')).collect();
    let stem = HISTOGRAM_PARTS.iter().find_map(|(suffix, _)| name.strip_suffix(suffix)).unwrap_or(name);
    let of_it: Vec<&str> = samples.iter().copied().filter(|line| line.starts_with(stem)).collect();
    let lines = if of_it.is_empty() { samples } else { of_it };
    panic!("{message}; recorded were:\n{}\n", lines.join("\n"));
}
