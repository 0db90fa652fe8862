//! How the pipeline itself fares, from the figures it exports of itself.

use serde::Serialize;
use serde_json::Value as Json;
use telemetry_core::metric::snapshot::MetricValue;

use crate::plot::{number, quantile_of};
use crate::source::{About, Family, Series};

/// From this share of the ring on it is worth a look: a burst may not fit any more.
const OCCUPANCY_WARNING: f64 = 0.75;

/// What the health page shows.
#[derive(Debug, Serialize)]
pub(crate) struct Health {
    about: About,
    /// When the figures were read, in milliseconds since the Unix epoch; none before the first reading.
    time_unix_millis: Option<u64>,
    spans: Spans,
    ring: Ring,
    drain: DrainTicks,
    sinks: Vec<SinkHealth>,
    /// The report of [`telemetry_core::health`]; none over a file, and while no pipeline runs.
    pipeline: Option<Json>,
    /// What a person should know, the worst first; empty when all is well.
    findings: Vec<Finding>,
}

#[derive(Debug, Serialize)]
struct Spans {
    started: Option<f64>,
    dropped: Vec<Loss>,
    late_writes: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Ring {
    /// From 0 to 1.
    occupancy: Option<f64>,
    /// The time in milliseconds since the Unix epoch, and the occupancy then.
    history: Vec<(u64, f64)>,
}

#[derive(Debug, Serialize)]
struct DrainTicks {
    ticks: Option<f64>,
    p50_seconds: Option<f64>,
    p99_seconds: Option<f64>,
}

#[derive(Debug, Serialize)]
struct SinkHealth {
    sink: String,
    exported: Option<f64>,
    queued: Option<f64>,
    errors: Option<f64>,
    dropped: Vec<Loss>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Loss {
    reason: String,
    count: f64,
    /// How much of it came in the time that was looked at.
    recent: f64,
}

#[derive(Debug, PartialEq, Serialize)]
struct Finding {
    severity: Severity,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Severity {
    Error,
    Warning,
}

pub(crate) fn health(about: About, families: &[Family], pipeline: Option<Json>) -> Health {
    let figures = Figures(families);
    let time = families.iter().flat_map(|family| &family.series).filter_map(|series| series.points.last());
    let spans = Spans {
        started: figures.latest("telemetry_spans_started_total"),
        dropped: figures.reasons("telemetry_spans_dropped_total", None),
        late_writes: figures.latest("telemetry_span_late_writes_total"),
    };
    let ring = Ring {
        occupancy: figures.latest("telemetry_ring_occupancy_ratio"),
        history: figures.history("telemetry_ring_occupancy_ratio"),
    };
    let sinks = figures.sinks();
    let mut findings = findings(&spans, &ring, &sinks, &figures);
    findings.extend(conflicts(pipeline.as_ref()));
    findings.sort_by_key(|finding| finding.severity);
    Health {
        about,
        time_unix_millis: time.map(|(time, _)| time / 1_000_000).max(),
        spans,
        ring,
        drain: figures.drain(),
        sinks,
        pipeline,
        findings,
    }
}

/// The instruments, asked by name.
struct Figures<'a>(&'a [Family]);

impl<'a> Figures<'a> {
    fn series(&self, name: &str) -> impl Iterator<Item = &'a Series> {
        self.0.iter().filter(move |family| family.name == name).flat_map(|family| &family.series)
    }

    fn latest(&self, name: &str) -> Option<f64> {
        self.series(name).next().and_then(latest)
    }

    fn history(&self, name: &str) -> Vec<(u64, f64)> {
        let points = self.series(name).next().map_or(&[][..], |series| &series.points);
        points.iter().map(|(time, value)| (time / 1_000_000, number(value))).collect()
    }

    /// The reasons of losses that there were, of all or of one sink.
    fn reasons(&self, name: &str, sink: Option<&str>) -> Vec<Loss> {
        self.series(name)
            .filter(|series| sink.is_none() || label(series, "sink") == sink)
            .filter_map(|series| {
                let count = latest(series).filter(|count| *count > 0.0)?;
                let reason = label(series, "reason").unwrap_or("unknown").to_owned();
                Some(Loss { reason, count, recent: recent(series) })
            })
            .collect()
    }

    fn of_sink(&self, name: &str, sink: &str) -> Option<&'a Series> {
        self.series(name).find(|series| label(series, "sink") == Some(sink))
    }

    fn sinks(&self) -> Vec<SinkHealth> {
        let names = self.series("telemetry_spans_exported_total").filter_map(|series| label(series, "sink"));
        names
            .map(|sink| SinkHealth {
                sink: sink.to_owned(),
                exported: self.of_sink("telemetry_spans_exported_total", sink).and_then(latest),
                queued: self.of_sink("telemetry_sink_queued_spans", sink).and_then(latest),
                errors: self.of_sink("telemetry_sink_errors_total", sink).and_then(latest),
                dropped: self.reasons("telemetry_sink_spans_dropped_total", Some(sink)),
            })
            .collect()
    }

    fn drain(&self) -> DrainTicks {
        let series = self.series("telemetry_drain_duration_seconds").next();
        let value = series.and_then(|series| series.points.last()).map(|(_, value)| value);
        let quantile = |quantile| match value {
            Some(MetricValue::Histogram { bounds, counts, .. }) => quantile_of(bounds, counts, quantile),
            _ => None,
        };
        DrainTicks { ticks: value.map(number), p50_seconds: quantile(0.5), p99_seconds: quantile(0.99) }
    }
}

fn findings(spans: &Spans, ring: &Ring, sinks: &[SinkHealth], figures: &Figures<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut found = |severity, text| findings.push(Finding { severity, text });
    for Loss { reason, count, recent } in &spans.dropped {
        // What is begun after the end is refused by design.
        let severity =
            if reason == "after_shutdown" || *recent <= 0.0 { Severity::Warning } else { Severity::Error };
        found(
            severity,
            format!("{count} spans were lost before any sink saw them ({reason}), {recent} of them recently"),
        );
    }
    if let Some(occupancy) = ring.occupancy.filter(|occupancy| *occupancy >= OCCUPANCY_WARNING) {
        found(
            Severity::Warning,
            format!("the ring is {:.0} % occupied: a burst may not fit", occupancy * 100.0),
        );
    }
    for sink in sinks {
        let errors = figures.of_sink("telemetry_sink_errors_total", &sink.sink);
        if let Some(count) = sink.errors.filter(|count| *count > 0.0) {
            let recent = errors.map_or(0.0, recent);
            let severity = if recent > 0.0 { Severity::Error } else { Severity::Warning };
            found(
                severity,
                format!("the sink {} failed {count} times, {recent} of them recently", sink.sink),
            );
        }
        for Loss { reason, count, recent } in &sink.dropped {
            let severity = if *recent > 0.0 { Severity::Error } else { Severity::Warning };
            let text =
                format!("the sink {} missed {count} spans ({reason}), {recent} of them recently", sink.sink);
            found(severity, text);
        }
    }
    findings
}

/// Declarations of instruments that clash.
fn conflicts(pipeline: Option<&Json>) -> impl Iterator<Item = Finding> {
    let conflicts = pipeline.and_then(|report| report["conflicts"].as_array()).into_iter().flatten();
    conflicts
        .filter_map(Json::as_str)
        .map(|text| Finding { severity: Severity::Warning, text: text.to_owned() })
}

fn label<'a>(series: &'a Series, name: &str) -> Option<&'a str> {
    series.labels.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn latest(series: &Series) -> Option<f64> {
    series.points.last().map(|(_, value)| number(value))
}

/// How much a total has grown in the time that was looked at.
fn recent(series: &Series) -> f64 {
    let first = series.points.first().map_or(0.0, |(_, value)| number(value));
    (latest(series).unwrap_or(0.0) - first).max(0.0)
}

#[cfg(test)]
mod tests {
    use telemetry_core::metric::snapshot::MetricKind;

    use super::*;

    type Sketch<'a> = (&'a [(&'a str, &'a str)], &'a [f64]);

    fn family(name: &str, series: &[Sketch<'_>]) -> Family {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let series = series.iter().map(|(labels, values)| Series {
            labels: labels.iter().map(own).collect(),
            points: values
                .iter()
                .zip(1..)
                .map(|(value, time)| (time * 1_000_000_000, MetricValue::Gauge(*value)))
                .collect(),
        });
        Family {
            name: name.to_owned(),
            help: String::new(),
            unit: None,
            kind: MetricKind::Gauge,
            series: series.collect(),
        }
    }

    #[test]
    fn a_pipeline_that_lost_nothing_has_no_findings() {
        let families = [
            family("telemetry_spans_started_total", &[(&[], &[1.0, 9.0])]),
            family("telemetry_spans_dropped_total", &[(&[("reason", "full")], &[0.0, 0.0])]),
            family("telemetry_ring_occupancy_ratio", &[(&[], &[0.1, 0.2])]),
            family("telemetry_spans_exported_total", &[(&[("sink", "tty")], &[0.0, 9.0])]),
        ];
        let health = health(About::default(), &families, None);
        assert_eq!(health.findings, []);
        assert_eq!((health.spans.started, health.ring.occupancy), (Some(9.0), Some(0.2)));
        assert_eq!(health.ring.history, [(1000, 0.1), (2000, 0.2)]);
        assert_eq!((health.sinks[0].sink.as_str(), health.sinks[0].exported), ("tty", Some(9.0)));
        assert_eq!(health.time_unix_millis, Some(2000));
    }

    #[test]
    fn losses_under_way_come_before_those_of_old() {
        let families = [
            family("telemetry_spans_dropped_total", &[(&[("reason", "full")], &[5.0, 5.0])]),
            family("telemetry_ring_occupancy_ratio", &[(&[], &[0.9])]),
            family("telemetry_spans_exported_total", &[(&[("sink", "otlp")], &[0.0])]),
            family("telemetry_sink_errors_total", &[(&[("sink", "otlp")], &[1.0, 4.0])]),
            family(
                "telemetry_sink_spans_dropped_total",
                &[(&[("reason", "error"), ("sink", "otlp")], &[0.0, 7.0])],
            ),
        ];
        let health = health(About::default(), &families, None);
        let found: Vec<_> =
            health.findings.iter().map(|finding| (finding.severity, finding.text.as_str())).collect();
        assert_eq!(
            found,
            [
                (Severity::Error, "the sink otlp failed 4 times, 3 of them recently"),
                (Severity::Error, "the sink otlp missed 7 spans (error), 7 of them recently"),
                (Severity::Warning, "5 spans were lost before any sink saw them (full), 0 of them recently"),
                (Severity::Warning, "the ring is 90 % occupied: a burst may not fit"),
            ]
        );
    }

    #[test]
    fn nothing_known_is_not_said_to_be_well() {
        let health = health(About::default(), &[], None);
        assert_eq!(
            (health.time_unix_millis, health.spans.started, health.drain.p99_seconds),
            (None, None, None)
        );
    }

    #[test]
    fn instruments_that_clash_are_a_finding() {
        let report = serde_json::json!({"conflicts": ["a_total is declared twice"]});
        let health = health(About::default(), &[], Some(report));
        assert_eq!(health.findings[0].text, "a_total is declared twice");
    }
}
