//! fastmetrics: statics behind a lazy lock, families of label structs.

use std::hint::black_box;
use std::sync::LazyLock;

use fastmetrics::derive::{EncodeLabelValue, LabelSet};
use fastmetrics::format::text::{self, TextProfile};
use fastmetrics::metrics::counter::Counter;
use fastmetrics::metrics::family::Family;
use fastmetrics::metrics::gauge::Gauge;
use fastmetrics::metrics::histogram::Histogram;
use fastmetrics::registry::Registry;

use super::contestants::{Counted, Instrument, gauge};
use super::{COUNTERS, HISTOGRAMS, METHOD, OBSERVED, ROUTE, exposition, total};
use crate::measure::{Contestant, Role};
use crate::work::{BUCKETS, route, values};

const NAME: &str = "fastmetrics";

#[derive(Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
enum Method {
    Get,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
enum Status {
    NotFound,
}

#[derive(Clone, PartialEq, Eq, Hash, LabelSet)]
struct ByStatus {
    method: Method,
    status: Status,
}

#[derive(Clone, PartialEq, Eq, Hash, LabelSet)]
struct ByRoute {
    method: &'static str,
    route: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, LabelSet)]
struct ByMethodAndPath {
    method: &'static str,
    path: String,
}

#[derive(Clone, PartialEq, Eq, Hash, LabelSet)]
struct ByPath {
    path: String,
}

static COUNTER: LazyLock<Counter> = LazyLock::new(Counter::default);
static BY_STATUS: LazyLock<Family<ByStatus, Counter>> = LazyLock::new(Family::default);
static BY_ROUTE: LazyLock<Family<ByRoute, Counter>> = LazyLock::new(Family::default);
static GAUGE: LazyLock<Gauge> = LazyLock::new(|| Gauge::new(0));
static HISTOGRAM: LazyLock<Histogram> = LazyLock::new(|| Histogram::new(BUCKETS));

pub(super) fn counter() -> Instrument {
    Instrument::counter(NAME, Role::Peer, || COUNTER.inc(), || COUNTER.total())
}

pub(super) fn enum_labels() -> Instrument {
    const LABELS: ByStatus = ByStatus { method: Method::Get, status: Status::NotFound };
    Instrument::counter(
        NAME,
        Role::Peer,
        || BY_STATUS.with_or_new(&black_box(LABELS), Counter::inc),
        || BY_STATUS.with_or_new(&LABELS, Counter::total),
    )
}

pub(super) fn string_labels() -> Instrument {
    Instrument::counter(
        NAME,
        Role::Peer,
        || {
            BY_ROUTE
                .with_or_new(&ByRoute { method: black_box(METHOD), route: black_box(ROUTE) }, Counter::inc);
        },
        || BY_ROUTE.with_or_new(&ByRoute { method: METHOD, route: ROUTE }, Counter::total),
    )
}

pub(super) fn kept() -> Instrument {
    let kept = BY_ROUTE.with_or_new(&ByRoute { method: "PUT", route: ROUTE }, Counter::clone);
    let read = kept.clone();
    Instrument::counter(NAME, Role::Peer, move || kept.inc(), move || read.total())
}

pub(super) fn gauge_set() -> Contestant {
    gauge(NAME, Role::Peer, |value| GAUGE.set(value), || GAUGE.get() as f64)
}

pub(super) fn histogram() -> Instrument {
    Instrument::histogram(
        NAME,
        Role::Peer,
        |value| HISTOGRAM.observe(value),
        || HISTOGRAM.with_snapshot(|snapshot| Counted::observed(snapshot.count(), snapshot.sum())),
    )
}

pub(super) fn exposition() -> Contestant {
    let mut registry = Registry::default();
    let counters = Family::<ByMethodAndPath, Counter>::default();
    let histograms = Family::<ByPath, Histogram>::new(|| Histogram::new(BUCKETS));
    registry.register("peers_requests", "Counted.", counters.clone()).expect("a valid name");
    registry.register("peers_seconds", "Observed.", histograms.clone()).expect("a valid name");
    for number in 0..COUNTERS {
        let labels = ByMethodAndPath { method: METHOD, path: route(number) };
        counters.with_or_new(&labels, |counter| counter.inc_by(total(number)));
    }
    for number in 0..HISTOGRAMS {
        histograms.with_or_new(&ByPath { path: route(number) }, |series| {
            values()[..OBSERVED].iter().for_each(|value| series.observe(*value));
        });
    }
    exposition::contestant(
        NAME,
        Role::Peer,
        move |text: &mut String| {
            text.clear();
            text::encode(text, &registry, TextProfile::default()).expect("a string takes all");
        },
        String::as_bytes,
    )
}
