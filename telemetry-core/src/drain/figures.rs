//! The drain's own figures as metric families.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::metric::own::{self, Figure, TICK_BOUNDS};
use crate::metric::snapshot::{MetricFamily, MetricValue};

use super::health::DrainHealth;
use super::lane::SinkFigures;
use super::lock;
use super::reason::DropReason;

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
        per_sink(&own::SINK_ERRORS, lanes, |lane| MetricValue::Counter(lane.errors)),
        per_sink(&own::SINK_QUEUED, lanes, |lane| MetricValue::Gauge(lane.queued as f64)),
        spans_dropped(lanes),
        per_sink(&own::SPANS_EXPORTED, lanes, |lane| MetricValue::Counter(lane.delivered)),
    ]
}

fn drain_duration(ticks: &TickDurations) -> MetricFamily {
    let Durations { counts, sum, .. } = lock(&ticks.state).clone();
    own::DRAIN_DURATION.only(MetricValue::Histogram {
        bounds: Arc::from(TICK_BOUNDS),
        counts: counts.to_vec(),
        sum,
    })
}

fn spans_dropped(lanes: &[SinkFigures]) -> MetricFamily {
    let series = lanes.iter().flat_map(|lane| {
        DropReason::ALL.map(|reason| {
            let labels = [reason.as_str().into(), lane.sink.clone().into()];
            own::SINK_DROPPED.series(labels, MetricValue::Counter(lane.dropped[reason as usize]))
        })
    });
    own::SINK_DROPPED.family(series.collect())
}

fn per_sink(figure: &Figure, lanes: &[SinkFigures], value: fn(&SinkFigures) -> MetricValue) -> MetricFamily {
    let series = lanes.iter().map(|lane| figure.series([lane.sink.clone().into()], value(lane)));
    figure.family(series.collect())
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
        assert_eq!(
            family.series[7].labels,
            [("reason".into(), "queue_full".into()), ("sink".into(), "memory".into())]
        );
        assert_eq!(family.series[7].value, MetricValue::Counter(7));
    }
}
