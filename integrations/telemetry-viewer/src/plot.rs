//! From the values of instruments to what a plot shows: rates, values, quantiles.

use serde::Serialize;
use telemetry_core::metric::snapshot::MetricValue;

use crate::source::{Family, Series};

/// The most series of an instrument that are plotted; the largest are.
pub(crate) const MAX_SERIES: usize = 8;

/// The most values of a series that a plot is made from; of more, every second or third and so on is taken. A rate is then
/// that of a longer stretch, and none is lost.
const MAX_VALUES: usize = 240;

/// The quantiles of a histogram.
const QUANTILES: [f64; 3] = [0.5, 0.95, 0.99];

/// An instrument as it is plotted.
#[derive(Debug, Serialize)]
pub(crate) struct Plot {
    name: String,
    help: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    /// `counter`, `gauge` or `histogram`.
    kind: &'static str,
    series: Vec<PlottedSeries>,
    /// Series that are not among those shown.
    series_left_out: usize,
}

/// A series as it is plotted.
#[derive(Debug, Serialize)]
struct PlottedSeries {
    labels: Vec<(String, String)>,
    /// A counter's total, a gauge's value, a histogram's count.
    latest: Option<f64>,
    /// The time in milliseconds since the Unix epoch; then a counter's growth a second, a gauge's value, or a histogram's
    /// observations a second with its quantiles 0.5, 0.95 and 0.99 of what was observed since the point before.
    points: Vec<Vec<Option<f64>>>,
}

pub(crate) fn plot(family: Family) -> Plot {
    let mut series = family.series;
    // Stable, so that those of equal size keep the order of the declaration.
    series.sort_by(|a, b| size(b).total_cmp(&size(a)));
    let series_left_out = series.len().saturating_sub(MAX_SERIES);
    series.truncate(MAX_SERIES);
    // Next to each other whatever their size is at the moment, so that their colours stay.
    series.sort_by(|a, b| a.labels.cmp(&b.labels));
    Plot {
        name: family.name,
        help: family.help,
        unit: family.unit,
        kind: family.kind.as_str(),
        series: series.into_iter().map(plotted).collect(),
        series_left_out,
    }
}

/// A total, a value or a count.
pub(crate) fn number(value: &MetricValue) -> f64 {
    match value {
        MetricValue::Counter(total) => *total as f64,
        MetricValue::RealCounter(value) | MetricValue::Gauge(value) => *value,
        MetricValue::Histogram { .. } | MetricValue::Exponential(_) => {
            value.observed().map_or(0.0, |(count, _)| count as f64)
        }
    }
}

fn size(series: &Series) -> f64 {
    let size = series.points.last().map_or(0.0, |(_, value)| number(value).abs());
    if size.is_nan() { 0.0 } else { size }
}

/// As many values as a plot can show, the latest among them.
fn thinned(points: Vec<(u64, MetricValue)>) -> Vec<(u64, MetricValue)> {
    let step = points.len().div_ceil(MAX_VALUES).max(1);
    let offset = points.len().saturating_sub(1) % step;
    points.into_iter().skip(offset).step_by(step).collect()
}

fn plotted(series: Series) -> PlottedSeries {
    let points = thinned(series.points);
    let latest = points.last().map(|(_, value)| number(value)).filter(|value| value.is_finite());
    let gauge = matches!(points.first(), Some((_, MetricValue::Gauge(_))));
    let points = if gauge {
        points.iter().map(|(time, value)| vec![Some(millis(*time)), finite(number(value))]).collect()
    } else {
        points.windows(2).filter_map(|pair| growth(&pair[0], &pair[1])).collect()
    };
    PlottedSeries { labels: series.labels, latest, points }
}

/// What happened between two readings; nothing where the second is of another run, whose counts began anew.
fn growth(before: &(u64, MetricValue), after: &(u64, MetricValue)) -> Option<Vec<Option<f64>>> {
    let seconds = after.0.checked_sub(before.0).filter(|nanos| *nanos > 0)? as f64 / 1e9;
    let rate = |added: f64| Some(vec![Some(millis(after.0)), Some(added / seconds)]);
    match (&before.1, &after.1) {
        (MetricValue::Counter(from), MetricValue::Counter(to)) => return rate(to.checked_sub(*from)? as f64),
        (MetricValue::RealCounter(from), MetricValue::RealCounter(to)) if to >= from => {
            return rate(to - from);
        }
        _ => {}
    }
    let ((bounds, from), (same, to)) = (before.1.buckets()?, after.1.buckets()?);
    if bounds != same || from.len() != to.len() {
        return None;
    }
    let added: Option<Vec<u64>> = to.iter().zip(&from).map(|(to, from)| to.checked_sub(*from)).collect();
    let added = added?;
    let rate = added.iter().sum::<u64>() as f64 / seconds;
    let quantiles = QUANTILES.map(|quantile| quantile_of(&bounds, &added, quantile));
    Some([Some(millis(after.0)), Some(rate)].into_iter().chain(quantiles).collect())
}

/// A quantile of observations in buckets, as Prometheus's `histogram_quantile` estimates it: evenly spread within the
/// bucket, from zero for the first one where its bound is positive, the greatest finite bound for what lies beyond it.
/// None without observations.
pub(crate) fn quantile_of(bounds: &[f64], counts: &[u64], quantile: f64) -> Option<f64> {
    let total: u64 = counts.iter().sum();
    if total == 0 {
        return None;
    }
    let rank = quantile * total as f64;
    let mut below = 0;
    for (bucket, &count) in counts.iter().enumerate() {
        if count > 0 && (below + count) as f64 >= rank {
            let Some(&upper) = bounds.get(bucket) else { return bounds.last().copied() };
            let lower = match bucket.checked_sub(1) {
                Some(before) => bounds[before],
                None if upper > 0.0 => 0.0,
                None => return Some(upper),
            };
            return Some(lower + (upper - lower) * ((rank - below as f64) / count as f64).clamp(0.0, 1.0));
        }
        below += count;
    }
    bounds.last().copied()
}

fn millis(unix_nanos: u64) -> f64 {
    (unix_nanos / 1_000_000) as f64
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value as Json, json};
    use telemetry_core::metric::snapshot::MetricKind;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn family(kind: MetricKind, series: Vec<(&str, Vec<(u64, MetricValue)>)>) -> Family {
        let series = series.into_iter().map(|(label, points)| Series {
            labels: vec![("of".to_owned(), label.to_owned())],
            points: points.into_iter().map(|(time, value)| (time * SECOND, value)).collect(),
        });
        let (name, help) = ("m".to_owned(), "Help.".to_owned());
        Family { name, help, unit: None, kind, series: series.collect() }
    }

    fn points(family: Family) -> Json {
        serde_json::to_value(plot(family)).unwrap()["series"][0]["points"].clone()
    }

    #[test]
    fn a_counter_is_a_rate_and_a_restart_is_a_gap() {
        let totals =
            [(1, 10), (3, 30), (4, 5), (5, 6)].map(|(time, total)| (time, MetricValue::Counter(total)));
        let family = family(MetricKind::Counter, vec![("a", totals.to_vec())]);
        assert_eq!(points(family), json!([[3000.0, 10.0], [5000.0, 1.0]]));
        let totals = [(1, 1.25), (3, 2.25), (4, 0.5), (5, 0.75)]
            .map(|(time, total)| (time, MetricValue::RealCounter(total)));
        let family = self::family(MetricKind::Counter, vec![("a", totals.to_vec())]);
        assert_eq!(points(family), json!([[3000.0, 0.5], [5000.0, 0.25]]));
    }

    #[test]
    fn a_gauge_is_its_value_and_what_is_no_number_is_a_gap() {
        let values =
            [(1, 0.5), (2, f64::NAN), (3, -2.0)].map(|(time, value)| (time, MetricValue::Gauge(value)));
        let family = family(MetricKind::Gauge, vec![("a", values.to_vec())]);
        assert_eq!(points(family), json!([[1000.0, 0.5], [2000.0, null], [3000.0, -2.0]]));
    }

    #[test]
    fn a_histogram_is_a_rate_with_the_quantiles_of_what_came_since() {
        let bounds: Arc<[f64]> = Arc::from([0.1, 0.2, 0.4]);
        let at = |counts: &[u64]| MetricValue::Histogram {
            bounds: Arc::clone(&bounds),
            counts: counts.to_vec(),
            sum: 0.0,
        };
        let values = vec![(1, at(&[5, 0, 0, 0])), (2, at(&[5, 50, 50, 0])), (3, at(&[5, 50, 50, 0]))];
        let family = family(MetricKind::Histogram, vec![("a", values)]);
        let first = &points(family.clone())[0];
        assert_eq!((&first[1], &first[2]), (&json!(100.0), &json!(0.2)));
        assert!((first[3].as_f64().unwrap() - 0.38).abs() < 1e-9, "{first}");
        assert_eq!(points(family)[1], json!([3000.0, 0.0, null, null, null]));
    }

    #[test]
    fn of_many_values_as_many_are_taken_as_a_plot_can_show_and_no_growth_is_lost() {
        let totals = (1..=1000).map(|second| (second, MetricValue::Counter(second * 3))).collect();
        let points = points(family(MetricKind::Counter, vec![("a", totals)]));
        let points = points.as_array().unwrap();
        assert!((190..240).contains(&points.len()), "{}", points.len());
        assert_eq!(points.last().unwrap(), &json!([1_000_000.0, 3.0]));
        assert!(points.iter().all(|point| point[1] == 3.0));
    }

    #[test]
    fn quantiles_are_those_of_prometheus() {
        // The second bucket holds ranks 10 to 30; beyond the last bound there is nothing finer to say.
        assert_eq!(quantile_of(&[1.0, 2.0], &[10, 20, 0], 0.5), Some(1.25));
        assert_eq!(quantile_of(&[1.0, 2.0], &[10, 0, 0], 0.5), Some(0.5));
        assert_eq!(quantile_of(&[1.0, 2.0], &[0, 0, 5], 0.5), Some(2.0));
        assert_eq!(quantile_of(&[-1.0, 2.0], &[5, 0, 0], 0.5), Some(-1.0));
        assert_eq!(quantile_of(&[1.0], &[0, 0], 0.5), None);
        assert_eq!(quantile_of(&[], &[3], 0.5), None);
    }

    #[test]
    fn the_largest_series_are_shown_and_the_others_counted() {
        let names: Vec<String> = (0..12).map(|number| format!("{number:02}")).collect();
        let series = names
            .iter()
            .zip(0..)
            .map(|(name, total)| (name.as_str(), vec![(1, MetricValue::Counter(total))]));
        let plot = serde_json::to_value(plot(family(MetricKind::Counter, series.collect()))).unwrap();
        assert_eq!(plot["series_left_out"], 4);
        let shown: Vec<_> =
            plot["series"].as_array().unwrap().iter().map(|s| s["labels"][0][1].clone()).collect();
        assert_eq!(shown, ["04", "05", "06", "07", "08", "09", "10", "11"]);
    }
}
