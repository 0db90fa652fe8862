//! Reading a store: every instrument's values at one moment.

use std::borrow::Cow;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};

use super::exemplar::Latest;
use super::gauge::decode;
use super::instrument::Core;
use super::local::{self, Space};
use super::own;
use super::registry::{self, Entry};
use super::snapshot::{Exemplar, MetricFamily, MetricKind, MetricSeries, MetricValue, MetricsSnapshot};
use super::store::MetricStore;
use super::view;

/// Up to how many label sets found by index show before their first use.
const SHOWN_UNUSED: usize = 64;

/// What a store's cells hold.
struct Totals<'a> {
    fixed: Vec<u64>,
    series: Vec<u64>,
    exemplars: MutexGuard<'a, Latest>,
}

/// Instruments that had to put label sets beyond their limit into one series.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "metric `{name}` has reached its limit of {limit} series; further label sets are counted together with every label `_other`"
)]
#[non_exhaustive]
pub struct SeriesOverflow {
    /// The metric.
    pub name: Cow<'static, str>,
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
        // What is locked here is what the slow path of an update locks.
        let (entries, mut families) = local::quietly(|| {
            self.show_calls();
            let fixed = registry::with_layout(|layout| self.fixed.read(layout));
            let series = self.with_series_layout(|layout| self.series.read(layout));
            let entries = registry::entries();
            let mut totals = Totals { fixed, series, exemplars: self.exemplars.lock() };
            let families: Vec<_> = entries.iter().map(|entry| self.family(&mut totals, *entry)).collect();
            (entries, families)
        });
        registry::arm();
        families = view::apply(&entries, families);
        local::quietly(|| self.dynamic.collect(&mut families));
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
        let declared = overflowed.map(|entry| SeriesOverflow {
            name: entry.core.descriptor.name.into(),
            limit: entry.core.descriptor.limit,
        });
        declared.chain(self.dynamic.take_overflow_warnings()).collect()
    }

    fn family(&'static self, totals: &mut Totals<'_>, entry: Entry) -> MetricFamily {
        let descriptor = &entry.core.descriptor;
        let bounds: Arc<[f64]> = descriptor.bounds.into();
        MetricFamily {
            name: descriptor.name.into(),
            help: descriptor.help.into(),
            unit: descriptor.unit.map(Cow::Borrowed),
            kind: descriptor.kind,
            crate_name: descriptor.crate_name.into(),
            crate_version: descriptor.crate_version.into(),
            series: match descriptor.dense {
                Some(count) => self.dense_series(totals, entry, count, &bounds),
                None => self.table_series(totals, entry.core, &bounds),
            },
        }
    }

    /// In the order of their indices.
    fn dense_series(
        &'static self,
        totals: &mut Totals<'_>,
        Entry { core, base }: Entry,
        count: usize,
        bounds: &Arc<[f64]>,
    ) -> Vec<MetricSeries> {
        let series = (0..count).filter_map(|index| {
            let first = base + index * core.stride();
            let (value, used) = if core.descriptor.kind == MetricKind::Gauge {
                let slot = self.gauge(core, base, index);
                let value = slot.and_then(|slot| decode(slot.load(Ordering::Relaxed)));
                (MetricValue::Gauge(value.unwrap_or(0.0)), value.is_some())
            } else {
                cell_value(&totals.fixed, first, core, bounds)
            };
            let labels = core.labels_at(index).filter(|_| used || count <= SHOWN_UNUSED)?;
            let exemplars = totals.exemplars(core, Space::Fixed, first);
            Some(MetricSeries { labels: labels.into(), value, exemplars })
        });
        series.collect()
    }

    /// In the order of their label values.
    fn table_series(
        &'static self,
        totals: &mut Totals<'_>,
        core: &'static Core,
        bounds: &Arc<[f64]>,
    ) -> Vec<MetricSeries> {
        let Some(table) = self.series_table(core) else { return Vec::new() };
        let series = table.entries().into_iter().map(|entry| {
            let first = (entry.home.at - self.origin()) as usize;
            let value = match core.descriptor.kind {
                MetricKind::Gauge => {
                    MetricValue::Gauge(decode(entry.gauge.load(Ordering::Relaxed)).unwrap_or(0.0))
                }
                _ => cell_value(&totals.series, first, core, bounds).0,
            };
            let exemplars = totals.exemplars(core, Space::Series, first);
            MetricSeries { labels: (&entry.labels).into(), value, exemplars }
        });
        series.collect()
    }

    fn own_figures(&'static self, entries: &[Entry], families: &mut Vec<MetricFamily>) {
        let declared = entries.iter().filter_map(|entry| {
            let count = self.series_table(entry.core)?.overflowed();
            (count > 0).then_some((Cow::Borrowed(entry.core.descriptor.name), count))
        });
        let made = self.dynamic.overflows().into_iter().map(|(name, count)| (name.into(), count));
        let overflows = declared
            .chain(made)
            .map(|(name, count)| own::METRIC_OVERFLOW.series([name], MetricValue::Counter(count)));
        let samplers = self.samplers.list();
        let panics = samplers.iter().map(|sampler| {
            own::SAMPLER_PANICS.series([sampler.name.clone()], MetricValue::Counter(sampler.panics()))
        });
        let durations = samplers.iter().map(|sampler| {
            let seconds = sampler.last().as_secs_f64();
            own::SAMPLER_DURATION.series([sampler.name.clone()], MetricValue::Gauge(seconds))
        });
        families.extend([
            own::METRIC_OVERFLOW.family(overflows.collect()),
            own::METRIC_REFUSED.only(MetricValue::Counter(self.refused())),
            own::METRIC_LOST.only(MetricValue::Counter(self.lost())),
            own::SAMPLER_PANICS.family(panics.collect()),
            own::SAMPLER_DURATION.family(durations.collect()),
        ]);
    }
}

impl Totals<'_> {
    /// The exemplars of the series whose cells begin at `first`.
    fn exemplars(&mut self, core: &Core, space: Space, first: usize) -> Vec<Exemplar> {
        match core.descriptor.kind {
            MetricKind::Gauge => Vec::new(),
            MetricKind::Counter | MetricKind::Histogram => self.exemplars.range(space, first, core.stride()),
        }
    }
}

/// The value of a counter or a histogram whose cells begin at `first`, and whether anything was counted.
///
/// A series that has come since the totals were read shows at zero.
fn cell_value(totals: &[u64], first: usize, core: &Core, bounds: &Arc<[f64]>) -> (MetricValue, bool) {
    let cells = totals.get(first..).unwrap_or(&[]);
    if core.descriptor.kind == MetricKind::Counter {
        let count = cells.first().copied().unwrap_or(0);
        return (MetricValue::Counter(count), count != 0);
    }
    let sum = f64::from_bits(cells.first().copied().unwrap_or(0));
    let mut counts: Vec<u64> = cells.iter().skip(1).take(bounds.len() + 1).copied().collect();
    counts.resize(bounds.len() + 1, 0);
    let used = counts.iter().any(|count| *count != 0);
    if let Some(shape) = core.descriptor.base2 {
        return (MetricValue::Exponential(shape.counted(&counts, sum)), used);
    }
    (MetricValue::Histogram { bounds: Arc::clone(bounds), counts, sum }, used)
}
