//! The drain's own figures as metric families.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::metric::snapshot::{Labels, MetricFamily, MetricKind, MetricSeries, MetricValue};

use super::health::DrainHealth;
use super::lane::SinkFigures;
use super::lock;
use super::reason::DropReason;

/// Upper bounds of the ticks' durations, in seconds.
const TICK_BOUNDS: [f64; 12] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0];

/// How long ticks took; written by the worker, read by whoever scrapes.
#[derive(Default)]
pub(super) struct TickDurations {
    state: Mutex<Durations>,
}

#[derive(Clone, Default)]
struct Durations {
    counts: [u64; TICK_BOUNDS.len() + 1],
    sum: f64,
    last: Duration,
    longest: Duration,
    ended: Option<Instant>,
}

impl TickDurations {
    pub(super) fn observe(&self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        let mut state = lock(&self.state);
        state.counts[TICK_BOUNDS.partition_point(|bound| *bound < seconds)] += 1;
        state.sum += seconds;
        state.last = duration;
        state.longest = state.longest.max(duration);
        state.ended = Some(Instant::now());
    }

    /// What they tell of the worker.
    pub(super) fn health(&self) -> DrainHealth {
        let Durations { counts, sum, last, longest, ended } = lock(&self.state).clone();
        DrainHealth {
            ticks: counts.iter().sum(),
            last_tick: last,
            longest_tick: longest,
            all_ticks: Duration::from_secs_f64(sum),
            since_last_tick: ended.map(|ended| ended.elapsed()),
            ..DrainHealth::default()
        }
    }
}

/// The families the drain adds to a snapshot.
pub(super) fn families(lanes: &[SinkFigures], ticks: &TickDurations) -> Vec<MetricFamily> {
    vec![
        drain_duration(ticks),
        per_sink(
            lanes,
            "telemetry_sink_errors_total",
            "Calls into a sink that returned an error or panicked.",
            MetricKind::Counter,
            |lane| MetricValue::Counter(lane.errors),
        ),
        per_sink(
            lanes,
            "telemetry_sink_queued_spans",
            "Spans waiting for a sink or in its hands.",
            MetricKind::Gauge,
            |lane| MetricValue::Gauge(lane.queued as f64),
        ),
        spans_dropped(lanes),
        per_sink(
            lanes,
            "telemetry_spans_exported_total",
            "Spans a sink has accepted.",
            MetricKind::Counter,
            |lane| MetricValue::Counter(lane.delivered),
        ),
    ]
}

fn drain_duration(ticks: &TickDurations) -> MetricFamily {
    let Durations { counts, sum, .. } = lock(&ticks.state).clone();
    let value = MetricValue::Histogram { bounds: Arc::from(TICK_BOUNDS), counts: counts.to_vec(), sum };
    let mut family = family(
        "telemetry_drain_duration_seconds",
        "How long a tick of the drain worker took.",
        MetricKind::Histogram,
        vec![MetricSeries::new(Labels::default(), value)],
    );
    family.unit = Some(Cow::Borrowed("seconds"));
    family
}

fn spans_dropped(lanes: &[SinkFigures]) -> MetricFamily {
    let series = lanes.iter().flat_map(|lane| {
        DropReason::ALL.map(|reason| {
            let labels = vec![label("reason", reason.as_str()), label("sink", lane.sink.clone())];
            MetricSeries::new(labels, MetricValue::Counter(lane.dropped[reason as usize]))
        })
    });
    family(
        "telemetry_sink_spans_dropped_total",
        "Spans a sink missed, by reason.",
        MetricKind::Counter,
        series.collect(),
    )
}

fn per_sink(
    lanes: &[SinkFigures],
    name: &'static str,
    help: &'static str,
    kind: MetricKind,
    value: fn(&SinkFigures) -> MetricValue,
) -> MetricFamily {
    let series =
        lanes.iter().map(|lane| MetricSeries::new(vec![label("sink", lane.sink.clone())], value(lane)));
    family(name, help, kind, series.collect())
}

/// A family of our own figures, as this crate's.
pub(crate) fn family(
    name: &'static str,
    help: &'static str,
    kind: MetricKind,
    series: Vec<MetricSeries>,
) -> MetricFamily {
    MetricFamily {
        name: Cow::Borrowed(name),
        help: Cow::Borrowed(help),
        unit: None,
        kind,
        crate_name: Cow::Borrowed(env!("CARGO_PKG_NAME")),
        crate_version: Cow::Borrowed(env!("CARGO_PKG_VERSION")),
        series,
    }
}

fn label(name: &'static str, value: impl Into<Cow<'static, str>>) -> (Cow<'static, str>, Cow<'static, str>) {
    (Cow::Borrowed(name), value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_fall_into_the_bucket_whose_bound_includes_them() {
        let ticks = TickDurations::default();
        for micros in [100, 101, 2_000_000] {
            ticks.observe(Duration::from_micros(micros));
        }
        let family = drain_duration(&ticks);
        let MetricValue::Histogram { counts, sum, .. } = &family.series[0].value else {
            panic!("{family:?}")
        };
        assert_eq!(counts[..2], [1, 1]);
        assert_eq!(counts[TICK_BOUNDS.len()], 1);
        assert!((sum - 2.000_201).abs() < 1e-9);
    }

    #[test]
    fn every_reason_of_every_sink_is_a_series_from_the_start() {
        let lanes = [
            SinkFigures { sink: "tty".to_owned(), ..SinkFigures::default() },
            SinkFigures {
                sink: "memory".to_owned(),
                dropped: [7, 0, 0, 0, 0, 0, 0],
                ..SinkFigures::default()
            },
        ];
        let family = spans_dropped(&lanes);
        assert_eq!(family.series.len(), 2 * DropReason::ALL.len());
        assert_eq!(family.series[7].labels, [label("reason", "queue_full"), label("sink", "memory")]);
        assert_eq!(family.series[7].value, MetricValue::Counter(7));
    }
}
