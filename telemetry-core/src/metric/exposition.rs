//! The Prometheus text format, version 0.0.4.
//!
//! Families stand in the order of the snapshot, which is sorted by name; series in the order of their label values.
//! Counters and bucket counts are written as whole numbers, exact to the last digit; floating-point numbers as Go's
//! shortest form writes them, since that is what Prometheus's own clients send.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;

use super::snapshot::{MetricFamily, MetricKind, MetricSeries, MetricValue};

/// The media type of the text, for a `Content-Type` header.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Writes the families out.
pub(super) fn render(families: &[MetricFamily]) -> String {
    let series: usize = families.iter().map(|family| family.series.len()).sum();
    let mut writer = Writer { out: String::with_capacity(families.len() * 128 + series * 64), bounds: None };
    for family in families {
        writer.family(family);
    }
    writer.out
}

struct Writer {
    out: String,
    /// The bounds written last: most histograms share theirs, and writing floats is what costs.
    bounds: Option<WrittenBounds>,
}

/// Bucket bounds with the text of each.
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
            Some(written) if written.bounds == *bounds => written,
            _ => WrittenBounds::new(bounds),
        };
        // All of a bucket's line that does not change from one to the next.
        let mut before = String::with_capacity(name.len() + 64);
        before.push_str(name);
        before.push_str("_bucket{");
        push_labels(&mut before, labels);
        if !labels.is_empty() {
            before.push(',');
        }
        before.push_str("le=\"");

        let mut total = 0_u64;
        let texts = written.texts.iter().map(String::as_str).chain(["+Inf"]);
        for (text, count) in texts.zip(counts) {
            total = total.saturating_add(*count);
            self.out.push_str(&before);
            self.out.push_str(text);
            self.out.push_str("\"} ");
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
        if !labels.is_empty() {
            self.out.push('{');
            push_labels(&mut self.out, labels);
            self.out.push('}');
        }
        self.out.push(' ');
    }
}

impl WrittenBounds {
    fn new(bounds: &Arc<[f64]>) -> Self {
        let texts = bounds.iter().map(|bound| {
            let mut text = String::new();
            push_float(&mut text, *bound);
            text
        });
        Self { bounds: Arc::clone(bounds), texts: texts.collect() }
    }
}

type Labels = [(Cow<'static, str>, Cow<'static, str>)];

fn label_values(series: &MetricSeries) -> impl Iterator<Item = &str> {
    series.labels.iter().map(|(_, value)| &**value)
}

fn push_labels(out: &mut String, labels: &Labels) {
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

/// Writes a whole number without the formatting machinery.
fn push_integer(out: &mut String, mut number: u64) {
    const LONGEST: usize = 20; // u64::MAX
    let mut digits = [b'0'; LONGEST];
    let mut first = LONGEST;
    loop {
        first -= 1;
        digits[first] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    // Digits are always text.
    out.push_str(std::str::from_utf8(&digits[first..]).unwrap_or_default());
}

/// Writes a number as Go's `strconv.FormatFloat(number, 'g', -1, 64)` does: the fewest digits that read back to the
/// same number, with an exponent of two digits or more below 1e-4 and from 1e6 on.
fn push_float(out: &mut String, number: f64) {
    let size = number.abs();
    if number.is_nan() {
        out.push_str("NaN");
    } else if number.is_infinite() {
        out.push_str(if number > 0.0 { "+Inf" } else { "-Inf" });
    } else if size == 0.0 || (1e-4..1e6).contains(&size) {
        // Writing to a string cannot fail.
        let _ = write!(out, "{number}");
    } else {
        let start = out.len();
        let _ = write!(out, "{number:e}");
        let exponent = start + out[start..].find('e').map_or(0, |at| at + 1);
        if !out[exponent..].starts_with('-') {
            out.insert(exponent, '+');
        }
        if out.len() - exponent == 2 {
            out.insert(exponent + 1, '0');
        }
    }
}

#[cfg(test)]
mod tests;
