//! The state of every instrument at one moment, as the sinks receive it.

use std::borrow::Cow;
use std::mem;
use std::sync::{Arc, Mutex, OnceLock};

use super::exposition::{self, Format};
use crate::id::{SpanId, TraceId};

pub use super::base2::ExponentialHistogram;
pub use super::pairs::{Labels, Pair};

/// Every instrument's values at one moment.
#[derive(Debug, Default)]
pub struct MetricsSnapshot {
    /// When it was taken, in nanoseconds since the Unix epoch.
    pub time_unix_nanos: u64,
    /// Since when cumulative values count, in nanoseconds since the Unix epoch.
    pub start_unix_nanos: u64,
    /// One entry an instrument, sorted by name.
    pub families: Vec<MetricFamily>,
    /// The Prometheus text, rendered at most once.
    pub(crate) text: Text,
    /// The `OpenMetrics` text, likewise.
    pub(crate) open_metrics: Text,
}

impl MetricsSnapshot {
    /// The Prometheus text format 0.0.4, rendered at the first call and kept.
    ///
    /// # Examples
    /// ```
    /// use telemetry_core::metric::snapshot::MetricsSnapshot;
    ///
    /// assert_eq!(MetricsSnapshot::default().text(), "");
    /// ```
    pub fn text(&self) -> &str {
        self.text_in(Format::Text)
    }

    /// The metrics in a format, rendered at the first call and kept.
    ///
    /// # Examples
    /// ```
    /// use telemetry_core::metric::exposition::Format;
    /// use telemetry_core::metric::snapshot::MetricsSnapshot;
    ///
    /// assert_eq!(MetricsSnapshot::default().text_in(Format::OpenMetrics), "# EOF\n");
    /// ```
    pub fn text_in(&self, format: Format) -> &str {
        let text = match format {
            Format::Text => &self.text,
            Format::OpenMetrics => &self.open_metrics,
        };
        text.0.get_or_init(|| exposition::render(&self.families, format, Text::spare()))
    }
}

/// A text written once. When it is dropped its memory serves the next one: a text is large enough for an allocator to
/// hand its pages back each time, and to ask for them each time costs half as much as writing it.
#[derive(Debug, Default)]
pub(crate) struct Text(OnceLock<String>);

/// The memory of the largest text so far, while none has it.
static SPARE: Mutex<String> = Mutex::new(String::new());

impl Text {
    fn spare() -> String {
        SPARE.try_lock().map(|mut spare| mem::take(&mut *spare)).unwrap_or_default()
    }
}

impl Drop for Text {
    fn drop(&mut self) {
        if let (Some(mut text), Ok(mut spare)) = (self.0.take(), SPARE.try_lock())
            && spare.capacity() < text.capacity()
        {
            text.clear();
            *spare = text;
        }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

/// One instrument and its series.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricFamily {
    /// The full name, `_total` and unit included.
    pub name: Cow<'static, str>,
    /// What it measures, for a person.
    pub help: Cow<'static, str>,
    /// The unit, where one was declared (`seconds`, `bytes`).
    pub unit: Option<Cow<'static, str>>,
    /// Its type.
    pub kind: MetricKind,
    /// The crate that declared it.
    pub crate_name: Cow<'static, str>,
    /// That crate's version.
    pub crate_version: Cow<'static, str>,
    /// One entry a label set; exactly one for an instrument without labels.
    pub series: Vec<MetricSeries>,
}

/// The type of an instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// A total that only grows.
    Counter,
    /// A value that goes up and down.
    Gauge,
    /// Observations counted in buckets.
    Histogram,
}

impl MetricKind {
    /// The type as a word: `counter`, `gauge`, `histogram`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// One label set of an instrument with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricSeries {
    /// Names and values, in the order of the declaration.
    pub labels: Labels,
    /// The value.
    pub value: MetricValue,
    /// Updates with the spans they were made in: the latest of a counter, the latest of each bucket of a histogram in
    /// the order of the buckets. Most series have none.
    pub exemplars: Vec<Exemplar>,
}

impl MetricSeries {
    /// A series without exemplars.
    pub fn new(labels: impl Into<Labels>, value: MetricValue) -> Self {
        Self { labels: labels.into(), value, exemplars: Vec::new() }
    }
}

/// An update that was made inside a recorded span: an example of what a figure stands for.
///
/// After each reading of the metrics, by the drain or by a live scrape, the next 64 updates of every counter and
/// histogram look for the span they are made in; those in between do not, and cost nothing more.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Exemplar {
    /// The trace of the span.
    pub trace_id: TraceId,
    /// The span.
    pub span_id: SpanId,
    /// What was observed, or added to a counter.
    pub value: f64,
    /// When, in nanoseconds since the Unix epoch.
    pub time_unix_nanos: u64,
}

impl Exemplar {
    /// An update of `value` in a span.
    pub const fn new(trace_id: TraceId, span_id: SpanId, value: f64, time_unix_nanos: u64) -> Self {
        Self { trace_id, span_id, value, time_unix_nanos }
    }
}

/// The value of one series.
#[derive(Clone, Debug, PartialEq)]
pub enum MetricValue {
    /// A counter's total.
    Counter(u64),
    /// The total of a counter that [observes](super::dynamic::Observed) one that is not whole, seconds for instance; of
    /// kind [`MetricKind::Counter`], too.
    RealCounter(f64),
    /// A gauge's value.
    Gauge(f64),
    /// A histogram's buckets.
    Histogram {
        /// Upper bounds, strictly increasing, without the infinite one.
        bounds: Arc<[f64]>,
        /// Observations in each bucket, not cumulative; one more than `bounds`, the last being the infinite one.
        counts: Vec<u64>,
        /// The sum of all observations.
        sum: f64,
    },
    /// The buckets of a base-2 exponential histogram; of kind [`MetricKind::Histogram`], too.
    Exponential(ExponentialHistogram),
}

impl MetricValue {
    /// Upper bounds and counts of a histogram's buckets, those of an exponential one [as explicit
    /// ones](ExponentialHistogram::explicit); none of a counter or a gauge.
    pub fn buckets(&self) -> Option<(Arc<[f64]>, Vec<u64>)> {
        match self {
            Self::Counter(_) | Self::RealCounter(_) | Self::Gauge(_) => None,
            Self::Histogram { bounds, counts, .. } => Some((Arc::clone(bounds), counts.clone())),
            Self::Exponential(histogram) => Some(histogram.explicit()),
        }
    }

    /// How many observations a histogram holds, and their sum; none of a counter or a gauge.
    pub fn observed(&self) -> Option<(u64, f64)> {
        match self {
            Self::Counter(_) | Self::RealCounter(_) | Self::Gauge(_) => None,
            Self::Histogram { counts, sum, .. } => Some((counts.iter().sum(), *sum)),
            Self::Exponential(histogram) => Some((histogram.count(), histogram.sum)),
        }
    }
}

/// The names under which an instrument stands in the expositions, its own first.
pub(super) fn exposed_names(name: &str, kind: MetricKind) -> Vec<String> {
    match kind {
        MetricKind::Gauge => vec![name.to_owned()],
        MetricKind::Counter => {
            let family = name.strip_suffix("_total").unwrap_or(name);
            vec![name.to_owned(), family.to_owned(), format!("{family}_created")]
        }
        MetricKind::Histogram => {
            let mut names = vec![name.to_owned()];
            names.extend(["bucket", "sum", "count", "created"].map(|part| format!("{name}_{part}")));
            names
        }
    }
}
