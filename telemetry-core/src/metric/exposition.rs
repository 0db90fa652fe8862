//! The Prometheus text format, version 0.0.4.
//!
//! Families stand in the order of the snapshot, which is sorted by name; series in the order of their label values.
//! Counters and bucket counts are written as whole numbers, exact to the last digit; floating-point numbers as Go's
//! shortest form writes them, since that is what Prometheus's own clients send.

mod number;
#[cfg(test)]
mod parsing;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use number::{push_float, push_integer};

use super::snapshot::{Labels, MetricFamily, MetricKind, MetricSeries, MetricValue, Pair};

/// The media type of the text, for a `Content-Type` header.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Writes the families out, into an empty string.
pub(super) fn render(families: &[MetricFamily], mut out: String) -> String {
    out.reserve(families.iter().map(estimate).sum());
    let mut writer = Writer { out, bucket: String::new(), bounds: None };
    for family in families {
        writer.family(family);
    }
    writer.out
}

/// About how many bytes a family takes, more rather than less.
fn estimate(family: &MetricFamily) -> usize {
    const NUMBER: usize = 24;
    let header = 32 + 2 * family.name.len() + family.help.len();
    let lines = family.series.iter().map(|series| {
        let labels = series.labels.text().map_or(32 * series.labels.len(), str::len);
        let (lines, more) = match &series.value {
            MetricValue::Histogram { counts, .. } => (counts.len() + 2, "_bucket{le=\"0.001\"}".len()),
            MetricValue::Counter(_) | MetricValue::Gauge(_) => (1, "{}".len()),
        };
        lines * (family.name.len() + labels + more + NUMBER / 2)
    });
    header + lines.sum::<usize>()
}

struct Writer {
    out: String,
    /// All of a bucket's line that does not change from one to the next.
    bucket: String,
    /// The bounds written last: most histograms share theirs, and writing floats is what costs.
    bounds: Option<WrittenBounds>,
}

/// Bucket bounds with the rest of each bucket's line up to its count.
struct WrittenBounds {
    bounds: Arc<[f64]>,
    texts: Vec<String>,
}

impl Writer {
    fn family(&mut self, family: &MetricFamily) {
        self.out.push_str("# HELP ");
        self.out.push_str(&family.name);
        self.out.push(' ');
        push_escaped(&mut self.out, &family.help, false);
        self.out.push_str("\n# TYPE ");
        self.out.push_str(&family.name);
        self.out.push_str(match family.kind {
            MetricKind::Counter => " counter\n",
            MetricKind::Gauge => " gauge\n",
            MetricKind::Histogram => " histogram\n",
        });
        if family.series.is_sorted_by(|a, b| label_values(a).le(label_values(b))) {
            for series in &family.series {
                self.series(&family.name, series);
            }
        } else {
            let mut sorted: Vec<&MetricSeries> = family.series.iter().collect();
            sorted.sort_by(|a, b| label_values(a).cmp(label_values(b)));
            for series in sorted {
                self.series(&family.name, series);
            }
        }
    }

    fn series(&mut self, name: &str, series: &MetricSeries) {
        match &series.value {
            MetricValue::Counter(total) => {
                self.sample_name(name, "", &series.labels);
                push_integer(&mut self.out, *total);
                self.out.push('\n');
            }
            MetricValue::Gauge(value) => {
                self.sample_name(name, "", &series.labels);
                push_float(&mut self.out, *value);
                self.out.push('\n');
            }
            MetricValue::Histogram { bounds, counts, sum } => {
                self.histogram(name, &series.labels, bounds, counts, *sum);
            }
        }
    }

    fn histogram(&mut self, name: &str, labels: &Labels, bounds: &Arc<[f64]>, counts: &[u64], sum: f64) {
        let written = match self.bounds.take() {
            Some(written) if Arc::ptr_eq(&written.bounds, bounds) || written.bounds == *bounds => written,
            _ => WrittenBounds::new(bounds),
        };
        self.bucket.clear();
        self.bucket.push_str(name);
        self.bucket.push_str("_bucket{");
        push_all(&mut self.bucket, labels);
        self.bucket.push_str(if labels.is_empty() { "le=\"" } else { ",le=\"" });

        let mut total = 0_u64;
        let texts = written.texts.iter().map(String::as_str).chain(["+Inf\"} "]);
        for (text, count) in texts.zip(counts) {
            total = total.saturating_add(*count);
            self.out.push_str(&self.bucket);
            self.out.push_str(text);
            push_integer(&mut self.out, total);
            self.out.push('\n');
        }
        self.sample_name(name, "_sum", labels);
        push_float(&mut self.out, sum);
        self.out.push('\n');
        self.sample_name(name, "_count", labels);
        push_integer(&mut self.out, total);
        self.out.push('\n');
        self.bounds = Some(written);
    }

    fn sample_name(&mut self, name: &str, suffix: &str, labels: &Labels) {
        self.out.push_str(name);
        self.out.push_str(suffix);
        if labels.is_empty() {
            self.out.push(' ');
        } else {
            self.out.push('{');
            push_all(&mut self.out, labels);
            self.out.push_str("} ");
        }
    }
}

impl WrittenBounds {
    fn new(bounds: &Arc<[f64]>) -> Self {
        let texts = bounds.iter().map(|bound| {
            let mut text = String::new();
            push_float(&mut text, *bound);
            text.push_str("\"} ");
            text
        });
        Self { bounds: Arc::clone(bounds), texts: texts.collect() }
    }
}

fn label_values(series: &MetricSeries) -> impl Iterator<Item = &str> {
    series.labels.iter().map(|(_, value)| &**value)
}

fn push_all(out: &mut String, labels: &Labels) {
    match labels.text() {
        Some(text) => out.push_str(text),
        None => push_labels(out, labels),
    }
}

/// Writes labels without the braces around them.
pub(super) fn push_labels(out: &mut String, labels: &[Pair]) {
    for (index, (name, value)) in labels.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str(name);
        out.push_str("=\"");
        push_escaped(out, value, true);
        out.push('"');
    }
}

/// Escapes backslashes and line feeds, and quotes too in the value of a label.
fn push_escaped(out: &mut String, text: &str, quotes: bool) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| matches!(byte, b'\\' | b'\n') || quotes && byte == b'"')
    {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'\\' => "\\\\",
            b'\n' => "\\n",
            _ => "\\\"",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}
