//! The texts that metrics are scraped as: the Prometheus text format 0.0.4, and `OpenMetrics` 1.0.
//!
//! Families stand in the order of the snapshot, which is sorted by name; series in the order of their label values.
//! Counters and bucket counts are written as whole numbers, exact to the last digit (a counter that observes a total
//! which is not whole, as a floating-point number); floating-point numbers as Go's
//! shortest form writes them, since that is what Prometheus's own clients send.
//!
//! A base-2 exponential histogram is written with one bucket for each power of two in its range: the texts know explicit
//! buckets only, which must stay the same from scrape to scrape.
//!
//! What is different in `OpenMetrics`:
//!
//! - a counter's family is named without `_total`, its samples with it; the unit stands in `# UNIT`; `# EOF` ends the
//!   text;
//! - a floating-point number without point or exponent gets `.0` behind it, so that a bucket reads `le="1.0"`, as the
//!   specification's canonical numbers and Prometheus's own clients have it;
//! - a counter, and each bucket of a histogram, carries the [exemplar](super::snapshot::Exemplar) taken last;
//! - of a histogram whose bounds or sum are negative no `_sum` and `_count` are written: they would not be counters, and
//!   the specification forbids them;
//! - `_created` samples are left out, which the specification allows: a server that does not know them makes a series
//!   of each.

mod format;
mod number;
#[cfg(test)]
mod open_metrics_tests;
#[cfg(test)]
mod parsing;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use format::Format;
use number::{push_decimal, push_float, push_hexadecimal, push_integer, push_seconds};

use super::snapshot::{Exemplar, Labels, MetricFamily, MetricKind, MetricSeries, MetricValue, Pair};

/// The media type of the Prometheus text format, for a `Content-Type` header.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The media type of `OpenMetrics`, for a `Content-Type` header.
pub const OPEN_METRICS_CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Writes the families out, into an empty string.
pub(super) fn render(families: &[MetricFamily], format: Format, mut out: String) -> String {
    out.reserve(families.iter().map(estimate).sum());
    let mut writer = Writer { out, format, bucket: String::new(), bounds: None };
    for family in families {
        writer.family(family);
    }
    if format == Format::OpenMetrics {
        writer.out.push_str("# EOF\n");
    }
    writer.out
}

/// About how many bytes a family takes, more rather than less.
fn estimate(family: &MetricFamily) -> usize {
    const NUMBER: usize = 24;
    const EXEMPLAR: usize = 128;
    let header = 64 + 3 * family.name.len() + family.help.len();
    let lines = family.series.iter().map(|series| {
        let labels = series.labels.text().map_or(32 * series.labels.len(), str::len);
        let (lines, more) = match &series.value {
            MetricValue::Histogram { counts, .. } => (counts.len() + 2, "_bucket{le=\"0.001\"}".len()),
            MetricValue::Exponential(histogram) => {
                ((histogram.counts.len() >> histogram.scale.clamp(0, 31)) + 4, "_bucket{le=\"0.001\"}".len())
            }
            MetricValue::Counter(_) | MetricValue::RealCounter(_) | MetricValue::Gauge(_) => (1, "{}".len()),
        };
        lines * (family.name.len() + labels + more + NUMBER / 2) + series.exemplars.len() * EXEMPLAR
    });
    header + lines.sum::<usize>()
}

struct Writer {
    out: String,
    format: Format,
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
        match self.format {
            Format::Text => self.text_header(family),
            Format::OpenMetrics => self.open_metrics_header(family),
        }
        // A counter's samples end in `_total` in OpenMetrics, whatever its maker called it.
        let is_short = family.kind == MetricKind::Counter && !family.name.ends_with(TOTAL);
        let suffix = if is_short && self.format == Format::OpenMetrics { TOTAL } else { "" };
        if family.series.is_sorted_by(|a, b| label_values(a).le(label_values(b))) {
            for series in &family.series {
                self.series(&family.name, suffix, series);
            }
        } else {
            let mut sorted: Vec<&MetricSeries> = family.series.iter().collect();
            sorted.sort_by(|a, b| label_values(a).cmp(label_values(b)));
            for series in sorted {
                self.series(&family.name, suffix, series);
            }
        }
    }

    fn text_header(&mut self, family: &MetricFamily) {
        self.metadata("# HELP ", &family.name);
        push_escaped(&mut self.out, &family.help, false);
        self.metadata("\n# TYPE ", &family.name);
        self.out.push_str(family.kind.as_str());
        self.out.push('\n');
    }

    fn open_metrics_header(&mut self, family: &MetricFamily) {
        let name = match family.kind {
            MetricKind::Counter => family.name.strip_suffix(TOTAL).unwrap_or(&family.name),
            MetricKind::Gauge | MetricKind::Histogram => &family.name,
        };
        self.metadata("# TYPE ", name);
        self.out.push_str(family.kind.as_str());
        // The name must end in the unit; that of a family made by hand may not.
        let is_unit = |unit: &&str| name.strip_suffix(*unit).is_some_and(|stem| stem.ends_with('_'));
        if let Some(unit) = family.unit.as_deref().filter(|unit| !unit.is_empty()).filter(is_unit) {
            self.metadata("\n# UNIT ", name);
            self.out.push_str(unit);
        }
        self.metadata("\n# HELP ", name);
        push_escaped(&mut self.out, &family.help, true);
        self.out.push('\n');
    }

    fn metadata(&mut self, what: &str, name: &str) {
        self.out.push_str(what);
        self.out.push_str(name);
        self.out.push(' ');
    }

    fn series(&mut self, name: &str, suffix: &str, series: &MetricSeries) {
        match &series.value {
            MetricValue::Counter(total) => {
                self.sample_name(name, suffix, &series.labels);
                push_integer(&mut self.out, *total);
                if let Some(exemplar) = self.exemplars(series).last() {
                    self.exemplar(exemplar);
                }
                self.out.push('\n');
            }
            MetricValue::RealCounter(value) | MetricValue::Gauge(value) => {
                self.sample_name(name, suffix, &series.labels);
                self.float(*value);
                self.out.push('\n');
            }
            MetricValue::Histogram { bounds, counts, sum } => {
                self.histogram(name, series, bounds, counts, *sum);
            }
            MetricValue::Exponential(histogram) => {
                let (bounds, counts) = histogram.clone().at_scale(0).explicit();
                self.histogram(name, series, &bounds, &counts, histogram.sum);
            }
        }
    }

    fn histogram(
        &mut self,
        name: &str,
        series: &MetricSeries,
        bounds: &Arc<[f64]>,
        counts: &[u64],
        sum: f64,
    ) {
        let (labels, exemplars) = (&series.labels, self.exemplars(series));
        let written = match self.bounds.take() {
            Some(written) if Arc::ptr_eq(&written.bounds, bounds) || written.bounds == *bounds => written,
            _ => WrittenBounds::new(bounds, self.format),
        };
        self.bucket.clear();
        self.bucket.push_str(name);
        self.bucket.push_str("_bucket{");
        push_all(&mut self.bucket, labels);
        self.bucket.push_str(if labels.is_empty() { "le=\"" } else { ",le=\"" });

        let mut total = 0_u64;
        let texts = written.texts.iter().map(String::as_str).chain(["+Inf\"} "]);
        for (at, (text, count)) in texts.zip(counts).enumerate() {
            total = total.saturating_add(*count);
            self.out.push_str(&self.bucket);
            self.out.push_str(text);
            push_integer(&mut self.out, total);
            if !exemplars.is_empty() {
                self.bucket_exemplar(exemplars, bounds, at);
            }
            self.out.push('\n');
        }
        let only_grows = sum >= 0.0 && bounds.first().is_none_or(|bound| *bound >= 0.0);
        if only_grows || self.format == Format::Text {
            self.sample_name(name, "_sum", labels);
            self.float(sum);
            self.out.push('\n');
            self.sample_name(name, "_count", labels);
            push_integer(&mut self.out, total);
            self.out.push('\n');
        }
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

    fn float(&mut self, value: f64) {
        match self.format {
            Format::Text => push_float(&mut self.out, value),
            Format::OpenMetrics => push_decimal(&mut self.out, value),
        }
    }

    /// The exemplar of the bucket at `at`, the last that lies in it.
    fn bucket_exemplar(&mut self, exemplars: &[Exemplar], bounds: &[f64], at: usize) {
        let is_inside = |exemplar: &&Exemplar| bounds.partition_point(|bound| *bound < exemplar.value) == at;
        if let Some(exemplar) = exemplars.iter().rfind(is_inside) {
            self.exemplar(exemplar);
        }
    }

    /// The exemplars to be written; the text format has none.
    fn exemplars<'s>(&self, series: &'s MetricSeries) -> &'s [Exemplar] {
        if self.format == Format::Text { &[] } else { &series.exemplars }
    }

    /// Writes an exemplar behind a sample.
    fn exemplar(&mut self, exemplar: &Exemplar) {
        self.out.push_str(" # {trace_id=\"");
        push_hexadecimal(&mut self.out, &exemplar.trace_id.to_bytes());
        self.out.push_str("\",span_id=\"");
        push_hexadecimal(&mut self.out, &exemplar.span_id.to_bytes());
        self.out.push_str("\"} ");
        self.float(exemplar.value);
        self.out.push(' ');
        push_seconds(&mut self.out, exemplar.time_unix_nanos);
    }
}

impl WrittenBounds {
    fn new(bounds: &Arc<[f64]>, format: Format) -> Self {
        let texts = bounds.iter().map(|bound| {
            let mut text = String::new();
            match format {
                Format::Text => push_float(&mut text, *bound),
                Format::OpenMetrics => push_decimal(&mut text, *bound),
            }
            text.push_str("\"} ");
            text
        });
        Self { bounds: Arc::clone(bounds), texts: texts.collect() }
    }
}

/// What the name of a counter's samples ends in.
const TOTAL: &str = "_total";

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

/// Escapes backslashes and line feeds, and quotes too where they would end the text.
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
