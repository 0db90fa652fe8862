//! An instrument made at run time, and its series.

use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use super::Registry;
use super::builder::Declaration;
use super::error::WrongLabels;
use super::rules;
use super::table::Collect;
use super::value::{Level, Observed, Spread, Total, Value};
use crate::metric::collect::SeriesOverflow;
use crate::metric::exemplar::{self, ATTEMPTS};
use crate::metric::labels::{OVERFLOW_LABEL, OVERFLOW_VALUE};
use crate::metric::manifest::{Instrument, InstrumentLabel};
use crate::metric::snapshot::{Exemplar, Labels, MetricFamily, MetricKind, MetricSeries, Pair};
use crate::metric::store::MetricStore;

/// An instrument with labels, made at run time; a handle that can be cloned and used from any thread.
pub struct Family<V: Value> {
    inner: Arc<Inner<V>>,
}

pub(super) struct Inner<V> {
    declaration: Declaration,
    unit: Option<String>,
    /// Says whether updates count; none where they always do.
    store: Option<&'static MetricStore>,
    /// In the order of their label values.
    series: RwLock<Vec<Arc<Entry<V>>>>,
    overflow: RwLock<Option<Arc<Entry<V>>>>,
    overflowed: AtomicU64,
    warned: AtomicBool,
    /// Updates that still look for an exemplar; counted down by each of them, set anew by each reading.
    attempts: AtomicU32,
}

pub(super) struct Entry<V> {
    labels: Labels,
    value: V,
    /// The latest of each bucket, in their order; of a counter the latest.
    exemplars: Mutex<Vec<(usize, Exemplar)>>,
}

impl<V: Value> Family<V> {
    pub(super) fn new(registry: &Registry, declaration: Declaration) -> Self {
        let inner = Inner {
            unit: rules::unit(&declaration),
            declaration,
            store: registry.store(),
            series: RwLock::default(),
            overflow: RwLock::default(),
            overflowed: AtomicU64::new(0),
            warned: AtomicBool::new(false),
            attempts: AtomicU32::new(ATTEMPTS),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The series of a label set, made when it is first asked for; it shows from then on. Beyond the limit, the series
    /// that all further label sets share.
    ///
    /// Looking it up compares texts in an ordered list, so keep the handle where it is used often.
    ///
    /// # Errors
    /// When there is not one value for each label.
    pub fn series(&self, values: &[&str]) -> Result<Series<V>, WrongLabels> {
        self.check(values)?;
        Ok(Series { entry: self.inner.find_or_add(values), family: Arc::clone(&self.inner) })
    }

    /// Takes a series out of the exposition; false when there is none of that label set.
    ///
    /// Handles that are kept count into nothing visible; their memory is freed with the last of them. A series of the
    /// same label set that is asked for later begins at zero. The one that is shared beyond the limit stays.
    ///
    /// # Errors
    /// When there is not one value for each label.
    pub fn remove(&self, values: &[&str]) -> Result<bool, WrongLabels> {
        self.check(values)?;
        let mut series = self.inner.write();
        let at = position(&series, values);
        Ok(at.map(|at| series.remove(at)).is_ok())
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.inner.declaration.name
    }

    /// The series of an instrument without labels.
    pub(super) fn only(&self) -> Series<V> {
        Series { entry: self.inner.find_or_add(&[]), family: Arc::clone(&self.inner) }
    }

    pub(super) fn inner(&self) -> Arc<Inner<V>> {
        Arc::clone(&self.inner)
    }

    fn check(&self, values: &[&str]) -> Result<(), WrongLabels> {
        let Declaration { name, labels, .. } = &self.inner.declaration;
        if values.len() == labels.len() {
            return Ok(());
        }
        Err(WrongLabels { name: name.clone(), labels: labels.clone(), given: values.len() })
    }
}

impl<V: Value> Inner<V> {
    fn find_or_add(&self, values: &[&str]) -> Arc<Entry<V>> {
        let series = self.read();
        if let Ok(at) = position(&series, values) {
            return Arc::clone(&series[at]);
        }
        drop(series);
        let mut series = self.write();
        // Another thread may have been faster.
        match position(&series, values) {
            Ok(at) => Arc::clone(&series[at]),
            Err(_) if series.len() >= self.declaration.limit => {
                drop(series);
                self.overflow()
            }
            Err(at) => {
                let names = self.declaration.labels.iter();
                let pairs = names.zip(values).map(|(name, value)| pair(name, value));
                let entry = self.entry(pairs.collect());
                series.insert(at, Arc::clone(&entry));
                entry
            }
        }
    }

    fn overflow(&self) -> Arc<Entry<V>> {
        self.overflowed.fetch_add(1, Ordering::Relaxed);
        let mut overflow = self.overflow.write().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let pairs = self.declaration.labels.iter().map(|name| pair(name, OVERFLOW_VALUE));
            let (mark, value) = OVERFLOW_LABEL;
            self.entry(pairs.chain([(mark.into(), value.into())]).collect())
        };
        Arc::clone(overflow.get_or_insert_with(make))
    }

    fn entry(&self, pairs: Vec<Pair>) -> Arc<Entry<V>> {
        let labels = Labels::shared(pairs);
        Arc::new(Entry { labels, value: V::new(&self.declaration.bounds), exemplars: Mutex::default() })
    }

    fn refuse(&self) {
        if let Some(store) = self.store {
            store.count_refused();
        }
    }

    fn is_on(&self) -> bool {
        self.store.is_none_or(MetricStore::is_enabled)
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<Arc<Entry<V>>>> {
        self.series.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Vec<Arc<Entry<V>>>> {
        self.series.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V: Value> Collect for Inner<V> {
    fn collect(&self) -> MetricFamily {
        let Declaration { name, help, crate_name, crate_version, bounds, .. } = &self.declaration;
        let overflow = self.overflow.read().unwrap_or_else(PoisonError::into_inner).clone();
        let series = self.read().iter().chain(&overflow).map(|entry| entry.collect(bounds)).collect();
        self.attempts.store(ATTEMPTS, Ordering::Relaxed);
        MetricFamily {
            name: name.clone().into(),
            help: help.clone().into(),
            unit: self.unit.clone().map(Into::into),
            kind: V::KIND,
            crate_name: crate_name.clone().into(),
            crate_version: crate_version.clone().into(),
            series,
        }
    }

    fn begin_anew(&self) {
        // Where a thread that is not here was about to add a series, nobody can look at them any more.
        let (Ok(series), Ok(overflow)) = (self.series.try_read(), self.overflow.try_read()) else { return };
        series.iter().chain(&*overflow).for_each(|entry| entry.value.begin_anew());
    }

    fn overflowed(&self) -> u64 {
        self.overflowed.load(Ordering::Relaxed)
    }

    fn take_overflow_warning(&self) -> Option<SeriesOverflow> {
        let Declaration { name, limit, .. } = &self.declaration;
        let warns = self.overflowed() > 0 && !self.warned.swap(true, Ordering::Relaxed);
        warns.then(|| SeriesOverflow { name: name.clone().into(), limit: *limit })
    }

    fn place(&self) -> &'static Location<'static> {
        self.declaration.place
    }

    fn instrument(&self) -> Instrument {
        let Declaration { name, help, crate_name, crate_version, labels, bounds, .. } = &self.declaration;
        Instrument {
            name: name.clone().into(),
            kind: V::KIND,
            help: help.clone().into(),
            unit: self.unit.clone().map(Into::into),
            labels: labels.iter().cloned().map(InstrumentLabel::text).collect(),
            bounds: if V::KIND == MetricKind::Histogram { bounds.to_vec() } else { Vec::new() },
            crate_name: crate_name.clone().into(),
            crate_version: crate_version.clone().into(),
        }
    }
}

impl<V: Value> Entry<V> {
    fn collect(&self, bounds: &Arc<[f64]>) -> MetricSeries {
        let exemplars = self.exemplars.lock().unwrap_or_else(PoisonError::into_inner);
        MetricSeries {
            labels: self.labels.clone(),
            value: self.value.read(bounds),
            exemplars: exemplars.iter().map(|(_, exemplar)| *exemplar).collect(),
        }
    }
}

/// One series of an instrument made at run time: a handle that can be cloned and used from any thread. Its memory is
/// freed when it is removed and the last handle is gone.
///
/// An update is an atomic addition that all threads share; while telemetry is disabled it is a load and a branch.
pub struct Series<V: Value> {
    pub(super) entry: Arc<Entry<V>>,
    family: Arc<Inner<V>>,
}

impl Series<Total> {
    /// Adds one.
    pub fn inc(&self) {
        self.add(1);
    }

    /// Adds `amount`.
    pub fn add(&self, amount: u64) {
        if self.family.is_on() {
            self.entry.value.add(amount);
            self.offer(0, amount as f64);
        }
    }
}

impl Series<Observed> {
    /// Says what the total kept elsewhere is now: the series grows by what it has grown since the last call. A total that
    /// falls has started anew, and counts from zero again.
    ///
    /// To be said by one thread at a time, in the order it was read. A total that is negative or not finite is refused, and
    /// counted in `telemetry_metric_refused_total` unless the registry stands alone.
    pub fn set_total(&self, total: f64) {
        if !self.family.is_on() {
            return;
        }
        if total.is_finite() && total >= 0.0 {
            self.entry.value.set(total);
        } else {
            self.family.refuse();
        }
    }
}

impl Series<Level> {
    /// Sets the value.
    pub fn set(&self, value: f64) {
        if self.family.is_on() {
            self.entry.value.set(value);
        }
    }

    /// Adds `amount`, which may be negative.
    pub fn add(&self, amount: f64) {
        if self.family.is_on() {
            self.entry.value.add(amount);
        }
    }

    /// Adds one.
    pub fn inc(&self) {
        self.add(1.0);
    }

    /// Takes one away.
    pub fn dec(&self) {
        self.add(-1.0);
    }
}

impl Series<Spread> {
    /// Counts `value` and adds it to the sum. A value that is not finite is refused, and counted in
    /// `telemetry_metric_refused_total` unless the registry stands alone.
    pub fn observe(&self, value: f64) {
        if !self.family.is_on() {
            return;
        }
        if !value.is_finite() {
            self.family.refuse();
            return;
        }
        let bucket = self.family.declaration.bounds.partition_point(|bound| *bound < value);
        self.entry.value.observe(bucket, value);
        self.offer(bucket, value);
    }

    /// Observes a duration in seconds.
    pub fn observe_duration(&self, duration: Duration) {
        self.observe(duration.as_secs_f64());
    }
}

impl<V: Value> Series<V> {
    /// Keeps an update as an exemplar, if one is wanted and this thread is in a recorded span.
    fn offer(&self, bucket: usize, value: f64) {
        let Some(left) = self.family.attempts.load(Ordering::Relaxed).checked_sub(1) else { return };
        self.family.attempts.store(left, Ordering::Relaxed);
        let Some(exemplar) = exemplar::of(value) else { return };
        // Updates wait for nobody: there will be another one.
        let Ok(mut exemplars) = self.entry.exemplars.try_lock() else { return };
        match exemplars.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            Ok(at) => exemplars[at].1 = exemplar,
            Err(at) => exemplars.insert(at, (bucket, exemplar)),
        }
    }
}

impl<V: Value> Clone for Series<V> {
    fn clone(&self) -> Self {
        Self { entry: Arc::clone(&self.entry), family: Arc::clone(&self.family) }
    }
}

impl<V: Value> Clone for Family<V> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<V: Value> fmt::Debug for Family<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Family").field("name", &self.name()).finish_non_exhaustive()
    }
}

impl<V: Value> fmt::Debug for Series<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.family.declaration.name;
        f.debug_struct("Series").field("name", name).field("labels", &self.entry.labels).finish()
    }
}

fn position<V>(series: &[Arc<Entry<V>>], values: &[&str]) -> Result<usize, usize> {
    series.binary_search_by(|entry| {
        let known = entry.labels.iter().map(|(_, value)| &**value);
        known.cmp(values.iter().copied())
    })
}

fn pair(name: &str, value: &str) -> Pair {
    (name.to_owned().into(), value.to_owned().into())
}
