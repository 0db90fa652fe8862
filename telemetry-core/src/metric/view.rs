//! What instruments become when they are read: the same values under other names and labels.
//!
//! An update writes once, whatever names its values are to have: the names are chosen here, once a reading.

use std::collections::HashMap;
use std::fmt;

use super::registry::Entry;
use super::snapshot::{Exemplar, MetricFamily, MetricSeries, MetricValue, Pair};

/// What stands in the place of an instrument's family: for integrations whose names are a matter of choice.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct View(pub &'static (dyn Fn(MetricFamily) -> Vec<MetricFamily> + Send + Sync));

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("View")
    }
}

/// Puts what views make of families in their places. Several families of one name become one, which takes the series of
/// all; those with the same labels are added up. `families` stand in the order of `entries`.
pub(super) fn apply(entries: &[Entry], families: Vec<MetricFamily>) -> Vec<MetricFamily> {
    let view = |entry: &Entry| entry.core.descriptor.view;
    if entries.iter().all(|entry| view(entry).is_none()) {
        return families;
    }
    let mut all: Vec<MetricFamily> = Vec::with_capacity(families.len());
    let mut viewed = Vec::new();
    for (entry, family) in entries.iter().zip(families) {
        match view(entry) {
            None => all.push(family),
            Some(View(view)) => viewed.extend(view(family)),
        }
    }
    for mut family in viewed {
        match all.iter_mut().find(|other| other.name == family.name && other.kind == family.kind) {
            None => all.push(family),
            Some(namesake) => {
                let mut series = std::mem::take(&mut namesake.series);
                series.append(&mut family.series);
                namesake.series = regroup(series, <[Pair]>::to_vec);
            }
        }
    }
    all
}

/// Gives each series other labels, and adds up those that then have the same, in the order of the first of each.
#[doc(hidden)]
pub fn regroup(series: Vec<MetricSeries>, mut labels: impl FnMut(&[Pair]) -> Vec<Pair>) -> Vec<MetricSeries> {
    let mut places: HashMap<Vec<Pair>, usize> = HashMap::with_capacity(series.len());
    let mut groups: Vec<MetricSeries> = Vec::new();
    for one in series {
        let labels = labels(&one.labels);
        if let Some(place) = places.get(&labels) {
            add(&mut groups[*place], one);
        } else {
            places.insert(labels.clone(), groups.len());
            groups.push(MetricSeries { labels: labels.into(), ..one });
        }
    }
    groups
}

fn add(to: &mut MetricSeries, other: MetricSeries) {
    match (&mut to.value, other.value) {
        (MetricValue::Counter(total), MetricValue::Counter(more)) => *total += more,
        (MetricValue::RealCounter(value), MetricValue::RealCounter(more))
        | (MetricValue::Gauge(value), MetricValue::Gauge(more)) => *value += more,
        (
            MetricValue::Histogram { bounds, counts, sum },
            MetricValue::Histogram { bounds: others, counts: more, sum: more_sum },
        ) if *bounds == others => {
            counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
            *sum += more_sum;
        }
        (MetricValue::Exponential(histogram), MetricValue::Exponential(more))
            if histogram.has_buckets_of(&more) =>
        {
            histogram.counts.iter_mut().zip(more.counts).for_each(|(count, more)| *count += more);
            histogram.zero_count += more.zero_count;
            histogram.sum += more.sum;
        }
        // Values that cannot be added up are not: the first one stays.
        _ => return,
    }
    let mut exemplars = std::mem::take(&mut to.exemplars);
    exemplars.extend(other.exemplars);
    exemplars.sort_by_key(|exemplar| exemplar.time_unix_nanos);
    to.exemplars = latest(exemplars, &to.value);
}

/// The last of a counter, the last of each bucket of a histogram in the order of the buckets.
fn latest(mut exemplars: Vec<Exemplar>, value: &MetricValue) -> Vec<Exemplar> {
    let MetricValue::Histogram { bounds, .. } = value else {
        return exemplars.pop().into_iter().collect();
    };
    let bucket = |exemplar: &Exemplar| bounds.partition_point(|bound| *bound < exemplar.value);
    // Those of a bucket stay in the order of time.
    exemplars.sort_by_key(bucket);
    let mut last: Vec<Exemplar> = Vec::new();
    for exemplar in exemplars {
        match last.last_mut().filter(|before| bucket(before) == bucket(&exemplar)) {
            Some(before) => *before = exemplar,
            None => last.push(exemplar),
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{SpanId, TraceId};

    fn exemplar(value: f64, time: u64) -> Exemplar {
        Exemplar::new(TraceId::new(1).unwrap(), SpanId::new(time).unwrap(), value, time)
    }

    fn histogram(label: &'static str, counts: [u64; 2], exemplars: Vec<Exemplar>) -> MetricSeries {
        let value = MetricValue::Histogram { bounds: [1.0].into(), counts: counts.into(), sum: 2.0 };
        MetricSeries { exemplars, ..MetricSeries::new(vec![("a".into(), label.into())], value) }
    }

    #[test]
    fn series_of_the_same_labels_are_added_up_with_the_latest_exemplars() {
        let series = vec![
            histogram("x", [1, 0], vec![exemplar(0.5, 3)]),
            histogram("y", [0, 2], vec![exemplar(7.0, 1)]),
            histogram("z", [4, 4], vec![exemplar(0.25, 2), exemplar(9.0, 5)]),
        ];
        let all = regroup(series.clone(), |_| Vec::new());
        let value = MetricValue::Histogram { bounds: [1.0].into(), counts: vec![5, 6], sum: 6.0 };
        assert_eq!((all.len(), &all[0].value), (1, &value));
        assert_eq!(all[0].exemplars, [exemplar(0.5, 3), exemplar(9.0, 5)]);
        let same = regroup(series.clone(), <[Pair]>::to_vec);
        assert_eq!(
            same.iter().map(|one| &one.value).collect::<Vec<_>>(),
            series.iter().map(|one| &one.value).collect::<Vec<_>>()
        );
        let counters = [2, 3].map(|total| MetricSeries::new(Vec::new(), MetricValue::Counter(total)));
        assert_eq!(regroup(counters.into(), <[Pair]>::to_vec)[0].value, MetricValue::Counter(5));
        let gauges = [2.0, 3.5].map(|value| MetricSeries::new(Vec::new(), MetricValue::Gauge(value)));
        assert_eq!(regroup(gauges.into(), <[Pair]>::to_vec)[0].value, MetricValue::Gauge(5.5));
    }
}
