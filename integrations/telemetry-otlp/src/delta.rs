//! What has been added since the last request that was taken.

use std::collections::HashMap;
use std::sync::Arc;

use telemetry_core::metric::snapshot::{
    Exemplar, ExponentialHistogram, MetricFamily, MetricSeries, MetricValue, MetricsSnapshot, Pair,
};

/// The families of `now`, counters and histograms reduced by what they were in `before`. A series that is new, or has
/// begun anew, counts in full; gauges stay as they are.
pub(crate) fn since(before: &MetricsSnapshot, now: &Arc<MetricsSnapshot>) -> Vec<MetricFamily> {
    let known: HashMap<&str, &MetricFamily> =
        before.families.iter().map(|family| (&*family.name, family)).collect();
    let reduced = |family: &MetricFamily| {
        let known_values: HashMap<&[Pair], &MetricValue> = known
            .get(&*family.name)
            .map(|known| known.series.iter().map(|series| (&*series.labels, &series.value)).collect())
            .unwrap_or_default();
        let series = family.series.iter().map(|series| {
            let less = known_values.get(&*series.labels).and_then(|before| less(&series.value, before));
            let mut reduced =
                MetricSeries::new(series.labels.clone(), less.unwrap_or_else(|| series.value.clone()));
            let is_new = |exemplar: &&Exemplar| exemplar.time_unix_nanos >= before.time_unix_nanos;
            reduced.exemplars = series.exemplars.iter().filter(is_new).copied().collect();
            reduced
        });
        MetricFamily { series: series.collect(), ..family.clone() }
    };
    now.families.iter().map(reduced).collect()
}

/// The difference of two totals; none where the later one is lower, or of another form.
fn less(now: &MetricValue, before: &MetricValue) -> Option<MetricValue> {
    match (now, before) {
        (MetricValue::Counter(now), MetricValue::Counter(before)) => {
            now.checked_sub(*before).map(MetricValue::Counter)
        }
        (MetricValue::RealCounter(now), MetricValue::RealCounter(before)) => {
            (now >= before).then(|| MetricValue::RealCounter(now - before))
        }
        (
            MetricValue::Histogram { bounds, counts, sum },
            MetricValue::Histogram { bounds: same, counts: before, sum: sum_before },
        ) if bounds == same => {
            let counts = less_each(counts, before)?;
            Some(MetricValue::Histogram { bounds: Arc::clone(bounds), counts, sum: sum - sum_before })
        }
        (MetricValue::Exponential(now), MetricValue::Exponential(before)) if now.has_buckets_of(before) => {
            Some(MetricValue::Exponential(ExponentialHistogram {
                counts: less_each(&now.counts, &before.counts)?,
                zero_count: now.zero_count.checked_sub(before.zero_count)?,
                sum: now.sum - before.sum,
                ..*now
            }))
        }
        _ => None,
    }
}

fn less_each(now: &[u64], before: &[u64]) -> Option<Vec<u64>> {
    now.iter().zip(before).map(|(now, before)| now.checked_sub(*before)).collect()
}
