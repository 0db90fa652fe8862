//! `ExportMetricsServiceRequest` and what is in it.

use telemetry_core::metric::snapshot::{MetricFamily, MetricKind, MetricSeries, MetricValue};
use telemetry_core::resource::Resource;

use super::common::{by_scope, key_number, key_text, resource, scope};
use super::conventional::{Attribute as Label, Conventional};
use super::{Encode, Field, Scalar, field};

/// Since when the values of a request count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Temporality {
    /// Since the request before.
    Delta = 1,
    /// Since the start.
    Cumulative = 2,
}

/// Up to how many buckets an exponential histogram is sent with: what OpenTelemetry recommends.
const MAX_EXPONENTIAL_BUCKETS: usize = 160;

/// What holds for every value of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Period {
    pub(crate) temporality: Temporality,
    pub(crate) start_unix_nanos: u64,
    pub(crate) time_unix_nanos: u64,
}

/// Some series of a family: one that is too large for a request is sent in parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'a> {
    pub(crate) family: &'a MetricFamily,
    pub(crate) series: &'a [MetricSeries],
}

impl<'a> Part<'a> {
    /// A whole family.
    pub(crate) fn whole(family: &'a MetricFamily) -> Self {
        Self { family, series: &family.series }
    }
}

/// Cuts what is too large for one request in two; none where it is a single series.
pub(crate) fn halves<'a>(parts: &[Part<'a>]) -> Option<(Vec<Part<'a>>, Vec<Part<'a>>)> {
    match parts {
        [] => None,
        [Part { family, series }] => {
            let (some, rest) = series.split_at(series.len() / 2);
            let part = |series| vec![Part { family, series }];
            (!some.is_empty()).then(|| (part(some), part(rest)))
        }
        several => {
            let (some, rest) = several.split_at(several.len() / 2);
            Some((some.to_vec(), rest.to_vec()))
        }
    }
}

/// Encodes a request with these values.
pub(crate) fn request<E: Encode>(of: &Resource, period: Period, parts: &[Part<'_>]) -> Vec<u8> {
    E::encode(|out| {
        out.messages(field(1, "resourceMetrics"), [parts], |out, parts| {
            resource(out, of);
            let scope_of =
                |part: &Part<'_>| (part.family.crate_name.clone(), part.family.crate_version.clone());
            let scopes = by_scope(parts, scope_of);
            out.messages(field(2, "scopeMetrics"), scopes, |out, ((name, version), parts)| {
                scope(out, &name, &version);
                out.messages(field(2, "metrics"), parts, |out, part| metric(out, period, part));
            });
        });
    })
}

fn metric<E: Encode>(out: &mut E, period: Period, part: &Part<'_>) {
    let family = part.family;
    let conventional = Conventional::of(family);
    let unit = || family.unit.as_deref().map_or("", ucum);
    out.scalar(field(1, "name"), Scalar::String(conventional.map_or(&*family.name, |known| known.name)));
    out.scalar(field(2, "description"), Scalar::String(&family.help));
    out.scalar(field(3, "unit"), Scalar::String(conventional.map_or_else(unit, |known| known.unit)));
    let is_exponential =
        part.series.first().is_some_and(|series| matches!(series.value, MetricValue::Exponential(_)));
    let (data, monotonic) = match family.kind {
        MetricKind::Gauge => (field(5, "gauge"), false),
        MetricKind::Counter => (field(7, "sum"), true),
        MetricKind::Histogram if is_exponential => (field(10, "exponentialHistogram"), false),
        MetricKind::Histogram => (field(9, "histogram"), false),
    };
    out.message(data, |out| {
        let points = part.series.iter().map(|series| Point { series, conventional: conventional.is_some() });
        out.messages(field(1, "dataPoints"), points, |out, of| point(out, period, of));
        if family.kind != MetricKind::Gauge {
            out.scalar(field(2, "aggregationTemporality"), Scalar::Enum(period.temporality as u32));
        }
        out.scalar(field(3, "isMonotonic"), Scalar::Bool(monotonic));
    });
}

/// A series, and whether its labels are attributes of OpenTelemetry's conventions.
#[derive(Clone, Copy)]
struct Point<'a> {
    series: &'a MetricSeries,
    conventional: bool,
}

fn point<E: Encode>(out: &mut E, period: Period, of: Point<'_>) {
    let series = of.series;
    let times = |out: &mut E, start: u64| {
        out.scalar(field(2, "startTimeUnixNano"), Scalar::Fixed64(start));
        out.scalar(field(3, "timeUnixNano"), Scalar::Fixed64(period.time_unix_nanos));
    };
    match &series.value {
        MetricValue::Counter(total) => {
            labels(out, field(7, "attributes"), of);
            times(out, period.start_unix_nanos);
            out.present(field(6, "asInt"), Scalar::SFixed64(i64::try_from(*total).unwrap_or(i64::MAX)));
            exemplars(out, field(5, "exemplars"), series, |value| {
                (field(6, "asInt"), Scalar::SFixed64(value as i64))
            });
        }
        MetricValue::RealCounter(total) => {
            labels(out, field(7, "attributes"), of);
            times(out, period.start_unix_nanos);
            out.present(field(4, "asDouble"), Scalar::Double(*total));
        }
        MetricValue::Gauge(value) => {
            labels(out, field(7, "attributes"), of);
            // A gauge is what it is at one moment: it has no start.
            times(out, 0);
            out.present(field(4, "asDouble"), Scalar::Double(*value));
        }
        MetricValue::Histogram { bounds, counts, sum } => {
            labels(out, field(9, "attributes"), of);
            times(out, period.start_unix_nanos);
            out.scalar(field(4, "count"), Scalar::Fixed64(counts.iter().sum()));
            out.present(field(5, "sum"), Scalar::Double(*sum));
            out.fixed64s(field(6, "bucketCounts"), counts);
            out.doubles(field(7, "explicitBounds"), bounds);
            exemplars(out, field(8, "exemplars"), series, |value| {
                (field(3, "asDouble"), Scalar::Double(value))
            });
        }
        MetricValue::Exponential(histogram) => {
            let cut = histogram.clone().at_most(MAX_EXPONENTIAL_BUCKETS);
            labels(out, field(1, "attributes"), of);
            times(out, period.start_unix_nanos);
            out.scalar(field(4, "count"), Scalar::Fixed64(cut.count()));
            out.present(field(5, "sum"), Scalar::Double(cut.sum));
            out.scalar(field(6, "scale"), Scalar::SInt32(cut.scale));
            out.scalar(field(7, "zeroCount"), Scalar::Fixed64(cut.zero_count));
            out.message(field(8, "positive"), |out| {
                out.scalar(field(1, "offset"), Scalar::SInt32(cut.offset));
                out.uint64s(field(2, "bucketCounts"), &cut.counts);
            });
            exemplars(out, field(11, "exemplars"), series, |value| {
                (field(3, "asDouble"), Scalar::Double(value))
            });
            out.scalar(field(14, "zeroThreshold"), Scalar::Double(cut.zero_threshold));
        }
    }
}

fn exemplars<E: Encode>(
    out: &mut E,
    field_of_point: Field,
    series: &MetricSeries,
    value: impl Fn(f64) -> (Field, Scalar<'static>),
) {
    out.messages(field_of_point, &series.exemplars, |out, exemplar| {
        out.scalar(field(2, "timeUnixNano"), Scalar::Fixed64(exemplar.time_unix_nanos));
        let (member, number) = value(exemplar.value);
        out.present(member, number);
        out.scalar(field(4, "spanId"), Scalar::Id(&exemplar.span_id.to_bytes()));
        out.scalar(field(5, "traceId"), Scalar::Id(&exemplar.trace_id.to_bytes()));
    });
}

fn labels<E: Encode>(out: &mut E, field: Field, of: Point<'_>) {
    out.messages(field, of.series.labels.iter(), |out, (name, value)| {
        if !of.conventional {
            return key_text(out, name, value);
        }
        match Conventional::attribute(name, value) {
            Label::Text(key, text) => key_text(out, key, text),
            Label::Number(key, number) => key_number(out, key, number),
        }
    });
}

/// The UCUM code of a unit, as OpenTelemetry writes units, from the word Prometheus has for it; another word stays.
fn ucum(unit: &str) -> &str {
    match unit {
        "seconds" => "s",
        "milliseconds" => "ms",
        "microseconds" => "us",
        "nanoseconds" => "ns",
        "minutes" => "min",
        "hours" => "h",
        "days" => "d",
        "bytes" => "By",
        "kibibytes" => "KiBy",
        "mebibytes" => "MiBy",
        "ratio" => "1",
        "percent" => "%",
        "celsius" => "Cel",
        "meters" => "m",
        "volts" => "V",
        "amperes" => "A",
        "joules" => "J",
        "watts" => "W",
        "grams" => "g",
        "hertz" => "Hz",
        other => other,
    }
}
