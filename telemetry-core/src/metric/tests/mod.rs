//! The properties of instruments, each test in a store of its own.
#![allow(unsafe_code, reason = "linkme's link sections; seen from other crates they raise no lint")]

mod samplers;
mod threads;
mod values;

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::Duration;

use crate::metric::collect::SeriesOverflow;
use crate::metric::labels::Label;
use crate::metric::local::switch;
use crate::metric::sampler::{SamplerReport, register_sampler};
use crate::metric::snapshot::{MetricFamily, MetricSeries, MetricValue};
use crate::metric::store::{GLOBAL, MetricStore};
use crate::metric::update::slowly;

#[derive(Clone, Copy, telemetry_macros::Label)]
#[label(crate = crate)]
enum Outcome {
    Hit,
    Miss,
    #[label(rename = "gave-up")]
    GaveUp,
}

#[derive(Clone, Copy)]
struct Digit(usize);

impl Label for Digit {
    const VALUES: &'static [&'static str] = &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    fn index(&self) -> usize {
        self.0
    }
}

telemetry_macros::metric! {
    crate = crate;

    /// Things counted.
    static THINGS: Counter = "test_things_total";

    /// Look-ups by outcome.
    static LOOKUPS: Counter = "test_lookups_total" { outcome: Outcome, cached: bool };

    /// Hundred series found by index.
    static HUNDRED: Counter = "test_hundred_total" { tens: Digit, ones: Digit };

    /// Free text.
    static HITS: Counter = "test_hits_total" { backend: str, outcome: Outcome }, limit = 3;

    /// Indices beyond the limit.
    static NARROW: Counter = "test_narrow_total" { tens: Digit, ones: Digit }, limit = 50;

    /// A level.
    static LEVEL: Gauge = "test_level";

    /// Hundred levels.
    static LEVELS: Gauge = "test_levels" { tens: Digit, ones: Digit };

    /// Levels by text.
    static NAMED_LEVELS: Gauge = "test_named_levels" { name: str };

    /// Time taken.
    static TIME: Histogram = "test_time_seconds";

    /// Sizes.
    static SIZES: Histogram = "test_size_bytes" { outcome: Outcome }, buckets = [1, 10, 100];

    /// Sizes by text.
    static NAMED_SIZES: Histogram = "test_named_size_bytes" { name: str }, buckets = [1.5];

    /// Declared first.
    static FIRST: Histogram = "test_clash";

    /// What the first one exposes already.
    static SECOND: Gauge = "test_clash_sum";
}

/// A store of the test's own, which its thread writes to until the end of the test.
struct Scope {
    store: &'static MetricStore,
    previous: &'static MetricStore,
}

impl Scope {
    fn new() -> Self {
        // With every store enabled the gates carry no flag, and updates take the fast path. Tests that disable their
        // store make others take the slow one meanwhile, so both are tried.
        GLOBAL.enable();
        let store = MetricStore::leak();
        Self { store, previous: switch(store) }
    }

    fn spawn<R: Send + 'static>(&self, work: impl FnOnce() -> R + Send + 'static) -> thread::JoinHandle<R> {
        let store = self.store;
        thread::spawn(move || {
            switch(store);
            work()
        })
    }

    fn family(&self, name: &str) -> MetricFamily {
        let snapshot = self.store.snapshot(2, 1, |_| {});
        let family = snapshot.families.iter().find(|family| family.name == name);
        family.unwrap_or_else(|| panic!("{name} is missing")).clone()
    }

    /// The series as `label=value,label=value total` lines.
    fn counts(&self, name: &str) -> Vec<String> {
        self.family(name).series.iter().map(line).collect()
    }

    fn count(&self, name: &str) -> u64 {
        match self.family(name).series[0].value {
            MetricValue::Counter(count) => count,
            ref other => panic!("{other:?}"),
        }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        switch(self.previous);
        self.store.close();
    }
}

fn join(threads: Vec<thread::JoinHandle<()>>) {
    for thread in threads {
        thread.join().unwrap();
    }
}

fn line(series: &MetricSeries) -> String {
    let labels: Vec<_> = series.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let value = match &series.value {
        MetricValue::Counter(count) => count.to_string(),
        MetricValue::RealCounter(value) | MetricValue::Gauge(value) => value.to_string(),
        MetricValue::Histogram { counts, sum, .. } => format!("{counts:?} {sum}"),
        MetricValue::Exponential(histogram) => format!("{:?} {}", histogram.counts, histogram.sum),
    };
    format!("{} {value}", labels.join(",")).trim().to_owned()
}
