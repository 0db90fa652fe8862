//! The values of instruments made at run time: plain atomics that all threads share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::metric::snapshot::{MetricKind, MetricValue};
use crate::metric::update::exchange;

/// What a series of an instrument holds: [`Total`], [`Observed`], [`Level`] or [`Spread`].
pub trait Value: sealed::Value {}

pub(super) mod sealed {
    use super::{Arc, MetricKind, MetricValue};

    pub trait Value: Send + Sync + 'static {
        const KIND: MetricKind;
        fn new(bounds: &Arc<[f64]>) -> Self;
        fn read(&self, bounds: &Arc<[f64]>) -> MetricValue;
        /// Goes back to zero, unless it is a level.
        fn begin_anew(&self);
    }
}

/// A counter's total.
#[derive(Debug)]
pub struct Total(AtomicU64);

/// What a counter has of a total that is kept elsewhere. Bits of numbers, none of them negative.
#[derive(Debug, Default)]
pub struct Observed {
    /// The total as it was said last.
    last: AtomicU64,
    /// What it had come to whenever it started anew.
    before: AtomicU64,
    /// Both together, which is what is read.
    shown: AtomicU64,
}

/// A gauge's value.
#[derive(Debug)]
pub struct Level(AtomicU64);

/// A histogram's buckets and sum.
#[derive(Debug)]
pub struct Spread {
    /// One more than there are bounds.
    counts: Box<[AtomicU64]>,
    /// The bits of the sum.
    sum: AtomicU64,
}

impl Value for Total {}
impl Value for Observed {}
impl Value for Level {}
impl Value for Spread {}

impl sealed::Value for Total {
    const KIND: MetricKind = MetricKind::Counter;

    fn new(_: &Arc<[f64]>) -> Self {
        Self(AtomicU64::new(0))
    }

    fn read(&self, _: &Arc<[f64]>) -> MetricValue {
        MetricValue::Counter(self.0.load(Ordering::Relaxed))
    }

    fn begin_anew(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

impl Total {
    pub(super) fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }
}

impl sealed::Value for Observed {
    const KIND: MetricKind = MetricKind::Counter;

    fn new(_: &Arc<[f64]>) -> Self {
        Self::default()
    }

    fn read(&self, _: &Arc<[f64]>) -> MetricValue {
        MetricValue::RealCounter(f64::from_bits(self.shown.load(Ordering::Relaxed)))
    }

    fn begin_anew(&self) {
        for bits in [&self.last, &self.before, &self.shown] {
            bits.store(0, Ordering::Relaxed);
        }
    }
}

impl Observed {
    /// Shows a total, neither negative nor infinite; one that fell has started anew.
    pub(super) fn set(&self, total: f64) {
        let last = f64::from_bits(self.last.swap(total.to_bits(), Ordering::Relaxed));
        if total < last {
            add(&self.before, last);
        }
        let shown = f64::from_bits(self.before.load(Ordering::Relaxed)) + total;
        // The bits of numbers that are not negative are in the order of the numbers. So a counter never falls, also where
        // two threads say totals at once.
        self.shown.fetch_max(shown.to_bits(), Ordering::Relaxed);
    }
}

impl sealed::Value for Level {
    const KIND: MetricKind = MetricKind::Gauge;

    fn new(_: &Arc<[f64]>) -> Self {
        Self(AtomicU64::new(0.0_f64.to_bits()))
    }

    fn read(&self, _: &Arc<[f64]>) -> MetricValue {
        MetricValue::Gauge(f64::from_bits(self.0.load(Ordering::Relaxed)))
    }

    fn begin_anew(&self) {}
}

impl Level {
    pub(super) fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::Relaxed);
    }

    pub(super) fn add(&self, amount: f64) {
        add(&self.0, amount);
    }
}

impl sealed::Value for Spread {
    const KIND: MetricKind = MetricKind::Histogram;

    fn new(bounds: &Arc<[f64]>) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self { counts, sum: AtomicU64::new(0.0_f64.to_bits()) }
    }

    fn read(&self, bounds: &Arc<[f64]>) -> MetricValue {
        MetricValue::Histogram {
            bounds: Arc::clone(bounds),
            counts: self.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect(),
            sum: f64::from_bits(self.sum.load(Ordering::Relaxed)),
        }
    }

    fn begin_anew(&self) {
        self.counts.iter().for_each(|count| count.store(0, Ordering::Relaxed));
        self.sum.store(0.0_f64.to_bits(), Ordering::Relaxed);
    }
}

impl Spread {
    /// Counts in a bucket, one of those there are.
    pub(super) fn observe(&self, bucket: usize, value: f64) {
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        add(&self.sum, value);
    }
}

fn add(bits: &AtomicU64, amount: f64) {
    exchange(bits, |bits| (f64::from_bits(bits) + amount).to_bits());
}
