//! Reading a store: every instrument's values at one moment.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::gauge::decode;
use super::instrument::Core;
use super::labels;
use super::registry::{self, Entry};
use super::series::{self, SeriesEntry, SeriesTable};
use super::snapshot::{MetricFamily, MetricKind, MetricSeries, MetricValue, MetricsSnapshot};
use super::store::{MetricStore, Space, State};

/// Up to how many label sets found by index show before their first use.
const SHOWN_UNUSED: usize = 64;

type Labels = Vec<(Cow<'static, str>, Cow<'static, str>)>;

/// Instruments that had to put label sets beyond their limit into one series.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "metric `{name}` has reached its limit of {limit} series; further label sets are counted together with every label `_other`"
)]
#[non_exhaustive]
pub struct SeriesOverflow {
    /// The metric.
    pub name: &'static str,
    /// Its limit.
    pub limit: usize,
}

impl MetricStore {
    /// Reads everything. `extra` adds families the caller keeps elsewhere, before they are sorted by name.
    ///
    /// Values of a disabled store show as they stand. No counter is ever lower than in an earlier snapshot.
    pub(crate) fn snapshot(
        &'static self,
        time_unix_nanos: u64,
        start_unix_nanos: u64,
        extra: impl FnOnce(&mut Vec<MetricFamily>),
    ) -> MetricsSnapshot {
        let entries = registry::entries();
        let mut families: Vec<MetricFamily> = {
            let state = self.lock();
            entries.iter().map(|entry| self.family(&state, *entry)).collect()
        };
        self.own_figures(&entries, &mut families);
        extra(&mut families);
        families.sort_by(|one, other| one.name.cmp(&other.name));
        MetricsSnapshot { time_unix_nanos, start_unix_nanos, families, ..MetricsSnapshot::default() }
    }

    /// The instruments that have reached their limit since the last call.
    pub(crate) fn take_overflow_warnings(&'static self) -> Vec<SeriesOverflow> {
        let overflowed = registry::entries().into_iter().filter(|entry| {
            self.series_table(entry.core)
                .is_some_and(|table| table.overflowed() > 0 && !table.warned.swap(true, Ordering::Relaxed))
        });
        overflowed
            .map(|entry| SeriesOverflow {
                name: entry.core.descriptor.name,
                limit: entry.core.descriptor.limit,
            })
            .collect()
    }

    fn family(&'static self, state: &State, entry: Entry) -> MetricFamily {
        let descriptor = &entry.core.descriptor;
        let bounds: Arc<[f64]> = descriptor.bounds.into();
        let series = match descriptor.dense {
            Some(count) => self.dense_series(state, entry, count, &bounds),
            None => self
                .series_table(entry.core)
                .map_or_else(Vec::new, |table| table_series(state, entry.core, table, &bounds)),
        };
        MetricFamily {
            name: descriptor.name.into(),
            help: descriptor.help.into(),
            unit: descriptor.unit.map(Cow::Borrowed),
            kind: descriptor.kind,
            crate_name: descriptor.crate_name.into(),
            series,
        }
    }

    fn dense_series(
        &'static self,
        state: &State,
        Entry { core, base }: Entry,
        count: usize,
        bounds: &Arc<[f64]>,
    ) -> Vec<MetricSeries> {
        let stride = core.stride();
        let series = (0..count).filter_map(|index| {
            let first = base + index * stride;
            let (value, used) = if core.descriptor.kind == MetricKind::Gauge {
                let value = self.gauge(first).and_then(|slot| decode(slot.load(Ordering::Relaxed)));
                (MetricValue::Gauge(value.unwrap_or(0.0)), value.is_some())
            } else {
                cell_value(state, core, Space::Fixed, first, bounds)
            };
            (used || count <= SHOWN_UNUSED).then(|| {
                let texts = labels::texts_at(core.descriptor.label_values, index);
                MetricSeries { labels: series::labels_of(core, texts.into_iter()), value }
            })
        });
        series.collect()
    }

    fn own_figures(&'static self, entries: &[Entry], families: &mut Vec<MetricFamily>) {
        let overflows = entries.iter().filter_map(|entry| {
            let count = self.series_table(entry.core)?.overflowed();
            (count > 0).then(|| (vec![("instrument".into(), entry.core.descriptor.name.into())], count))
        });
        families.push(own_counter(
            "telemetry_metric_overflow_total",
            "Label sets looked up beyond the limit of series, by instrument.",
            overflows.collect(),
        ));
        families.push(own_counter(
            "telemetry_metric_refused_total",
            "Observations refused because they were not finite.",
            vec![(Vec::new(), self.refused())],
        ));
        families.push(own_counter(
            "telemetry_metric_lost_total",
            "Updates lost because they were made inside the slow path of another update.",
            vec![(Vec::new(), self.lost())],
        ));
        let samplers = self.samplers.list();
        let label = |name: &Cow<'static, str>| vec![("sampler".into(), name.clone())];
        families.push(own_counter(
            "telemetry_sampler_panics_total",
            "Panics of samplers.",
            samplers.iter().map(|sampler| (label(&sampler.name), sampler.panics())).collect(),
        ));
        let durations = samplers.iter().map(|sampler| MetricSeries {
            labels: label(&sampler.name),
            value: MetricValue::Gauge(sampler.last().as_secs_f64()),
        });
        families.push(MetricFamily {
            unit: Some("seconds".into()),
            kind: MetricKind::Gauge,
            series: durations.collect(),
            ..own_counter(
                "telemetry_sampler_duration_seconds",
                "How long each sampler last took.",
                Vec::new(),
            )
        });
    }
}

fn table_series(
    state: &State,
    core: &'static Core,
    table: &'static SeriesTable,
    bounds: &Arc<[f64]>,
) -> Vec<MetricSeries> {
    let mut entries: Vec<&SeriesEntry> = table.entries().collect();
    // In the order of their first use: the slots' order is the hash's.
    entries.sort_by_key(|entry| entry.base);
    let series = entries.into_iter().map(|entry| {
        let value = match core.descriptor.kind {
            MetricKind::Gauge => {
                MetricValue::Gauge(decode(entry.gauge.load(Ordering::Relaxed)).unwrap_or(0.0))
            }
            _ => cell_value(state, core, Space::Series, entry.base, bounds).0,
        };
        let mut labels = series::labels_of(core, entry.texts());
        if entry.overflow {
            labels.push(series::overflow_label());
        }
        MetricSeries { labels, value }
    });
    series.collect()
}

/// The value of a counter or a histogram, and whether anything was counted.
fn cell_value(
    state: &State,
    core: &'static Core,
    space: Space,
    first: usize,
    bounds: &Arc<[f64]>,
) -> (MetricValue, bool) {
    if core.descriptor.kind == MetricKind::Counter {
        let count = state.count(space, first);
        return (MetricValue::Counter(count), count != 0);
    }
    let sum = first + bounds.len() + 1;
    let counts: Vec<u64> = (first..sum).map(|cell| state.count(space, cell)).collect();
    let used = counts.iter().any(|count| *count != 0);
    (MetricValue::Histogram { bounds: Arc::clone(bounds), counts, sum: state.sum(space, sum) }, used)
}

fn own_counter(name: &'static str, help: &'static str, series: Vec<(Labels, u64)>) -> MetricFamily {
    MetricFamily {
        name: name.into(),
        help: help.into(),
        unit: None,
        kind: MetricKind::Counter,
        crate_name: env!("CARGO_PKG_NAME").into(),
        series: series
            .into_iter()
            .map(|(labels, count)| MetricSeries { labels, value: MetricValue::Counter(count) })
            .collect(),
    }
}
