//! The latest readings of the instruments.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use telemetry_core::metric::snapshot::MetricsSnapshot;

use crate::source::{Family, Series};

/// Readings closer together than this replace each other, so that a short interval does not shorten what is remembered.
const SPACING_NANOS: u64 = 900_000_000;

/// Readings, the oldest first; within a number of readings and of values.
#[derive(Debug)]
pub(super) struct History {
    readings: VecDeque<(Arc<MetricsSnapshot>, usize)>,
    values: usize,
    max_readings: usize,
    max_values: usize,
}

impl History {
    pub(super) fn new(max_readings: usize, max_values: usize) -> Self {
        Self { readings: VecDeque::new(), values: 0, max_readings, max_values }
    }

    pub(super) fn add(&mut self, reading: Arc<MetricsSnapshot>) {
        let before = self.readings.iter().nth_back(1).map(|(reading, _)| reading.time_unix_nanos);
        if before.is_some_and(|before| reading.time_unix_nanos.saturating_sub(before) < 2 * SPACING_NANOS)
            && let Some((_, values)) = self.readings.pop_back()
        {
            self.values -= values;
        }
        let values = reading.families.iter().map(|family| family.series.len()).sum();
        self.values += values;
        self.readings.push_back((reading, values));
        // The latest stays, however large it is.
        while self.readings.len() > 1
            && (self.readings.len() > self.max_readings || self.values > self.max_values)
        {
            self.values -= self.readings.pop_front().map_or(0, |(_, values)| values);
        }
    }

    /// The readings of the last so many seconds.
    pub(super) fn since(&self, seconds: u64) -> Vec<Arc<MetricsSnapshot>> {
        let latest = self.readings.back().map_or(0, |(reading, _)| reading.time_unix_nanos);
        let from = latest.saturating_sub(seconds.saturating_mul(1_000_000_000));
        let recent = self.readings.iter().filter(|(reading, _)| reading.time_unix_nanos >= from);
        recent.map(|(reading, _)| Arc::clone(reading)).collect()
    }
}

/// The families of the latest reading with the values their series had in all of them.
pub(super) fn families(readings: &[Arc<MetricsSnapshot>]) -> Vec<Family> {
    let Some(latest) = readings.last() else { return Vec::new() };
    let mut families: Vec<Family> = Vec::with_capacity(latest.families.len());
    let mut places = HashMap::new();
    for (at, family) in latest.families.iter().enumerate() {
        for (series_at, series) in family.series.iter().enumerate() {
            places.insert((&*family.name, &series.labels[..]), (at, series_at));
        }
        let series = family.series.iter().map(|series| Series {
            labels: series.labels.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
            points: Vec::with_capacity(readings.len()),
        });
        families.push(Family {
            name: family.name.to_string(),
            help: family.help.to_string(),
            unit: family.unit.as_deref().map(str::to_owned),
            kind: family.kind,
            series: series.collect(),
        });
    }
    for reading in readings {
        for family in &reading.families {
            for series in &family.series {
                if let Some(&(at, series_at)) = places.get(&(&*family.name, &series.labels[..])) {
                    let point = (reading.time_unix_nanos, series.value.clone());
                    families[at].series[series_at].points.push(point);
                }
            }
        }
    }
    families
}

#[cfg(test)]
mod tests {
    use telemetry_core::metric::snapshot::{MetricFamily, MetricKind, MetricSeries, MetricValue};

    use super::*;

    fn reading(millis: u64, totals: &[(&'static str, u64)]) -> Arc<MetricsSnapshot> {
        let series = |&(shelf, total): &(&'static str, u64)| {
            MetricSeries::new(vec![("shelf".into(), shelf.into())], MetricValue::Counter(total))
        };
        let family = MetricFamily {
            name: "lookups_total".into(),
            help: "Lookups.".into(),
            unit: None,
            kind: MetricKind::Counter,
            crate_name: "shop".into(),
            crate_version: "1".into(),
            series: totals.iter().map(series).collect(),
        };
        let mut snapshot = MetricsSnapshot::default();
        snapshot.time_unix_nanos = millis * 1_000_000;
        snapshot.families = vec![family];
        Arc::new(snapshot)
    }

    fn times(history: &History) -> Vec<u64> {
        history.since(1_000).iter().map(|reading| reading.time_unix_nanos / 1_000_000).collect()
    }

    #[test]
    fn readings_and_values_are_bounded() {
        let mut history = History::new(3, 100);
        for second in 1..=5 {
            history.add(reading(second * 1000, &[("north", second)]));
        }
        assert_eq!(times(&history), [3000, 4000, 5000]);
        assert_eq!(history.since(1).len(), 2);
        let mut narrow = History::new(10, 3);
        for second in 1..=4 {
            narrow.add(reading(second * 1000, &[("north", 1), ("south", 2)]));
        }
        assert_eq!(times(&narrow), [4000]);
    }

    #[test]
    fn a_short_interval_does_not_shorten_what_is_remembered() {
        let mut history = History::new(4, 100);
        for tenth in 0..60 {
            history.add(reading(tenth * 100, &[("north", tenth)]));
        }
        let times = times(&history);
        assert_eq!((times.len(), *times.last().unwrap()), (4, 5900));
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] <= 1800), "{times:?}");
        assert!(times[2] - times[0] >= 1800, "{times:?}");
    }

    #[test]
    fn a_series_has_its_values_from_every_reading_it_was_in() {
        let families =
            families(&[reading(1000, &[("north", 1)]), reading(2000, &[("south", 7), ("north", 2)])]);
        let points: Vec<_> = families[0].series.iter().map(|series| series.points.len()).collect();
        assert_eq!(points, [1, 2]);
        assert_eq!(families[0].series[1].labels, [("shelf".to_owned(), "north".to_owned())]);
    }
}
