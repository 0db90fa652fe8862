//! prometheus-client: statics behind a lazy lock, families of label structs.

use std::hint::black_box;
use std::sync::LazyLock;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::contestants::{Counted, Instrument, gauge};
use super::{COUNTERS, HISTOGRAMS, METHOD, OBSERVED, ROUTE, exposition, total};
use crate::measure::{Contestant, Role};
use crate::work::{BUCKETS, route, values};

const NAME: &str = "prometheus-client";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
enum Method {
    Get,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
enum Status {
    NotFound,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByStatus {
    method: Method,
    status: Status,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByRoute {
    method: &'static str,
    route: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByMethodAndPath {
    method: &'static str,
    path: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByPath {
    path: String,
}

static COUNTER: LazyLock<Counter> = LazyLock::new(Counter::default);
static BY_STATUS: LazyLock<Family<ByStatus, Counter>> = LazyLock::new(Family::default);
static BY_ROUTE: LazyLock<Family<ByRoute, Counter>> = LazyLock::new(Family::default);
static GAUGE: LazyLock<Gauge> = LazyLock::new(Gauge::default);
static HISTOGRAM: LazyLock<Histogram> = LazyLock::new(|| Histogram::new(BUCKETS));

pub(super) fn counter() -> Instrument {
    Instrument::counter(NAME, Role::Peer, || COUNTER.inc(), || COUNTER.get())
}

pub(super) fn enum_labels() -> Instrument {
    const LABELS: ByStatus = ByStatus { method: Method::Get, status: Status::NotFound };
    Instrument::counter(
        NAME,
        Role::Peer,
        || BY_STATUS.get_or_create(&black_box(LABELS)).inc(),
        || BY_STATUS.get_or_create(&LABELS).get(),
    )
}

pub(super) fn string_labels() -> Instrument {
    Instrument::counter(
        NAME,
        Role::Peer,
        || BY_ROUTE.get_or_create(&ByRoute { method: black_box(METHOD), route: black_box(ROUTE) }).inc(),
        || BY_ROUTE.get_or_create(&ByRoute { method: METHOD, route: ROUTE }).get(),
    )
}

pub(super) fn kept() -> Instrument {
    let kept = BY_ROUTE.get_or_create_owned(&ByRoute { method: "PUT", route: ROUTE });
    let read = kept.clone();
    Instrument::counter(NAME, Role::Peer, move || kept.inc(), move || read.get())
}

pub(super) fn gauge_set() -> Contestant {
    gauge(NAME, Role::Peer, |value| GAUGE.set(value), || GAUGE.get() as f64)
}

pub(super) fn histogram() -> Instrument {
    Instrument::histogram(
        NAME,
        Role::Peer,
        |value| HISTOGRAM.observe(value),
        || {
            // The values can be read from the text alone.
            let mut registry = Registry::default();
            registry.register("peers", "Observed.", HISTOGRAM.clone());
            let mut text = String::new();
            encode(&mut text, &registry).expect("a string takes all");
            let sample = |name| exposition::sample(&text, name);
            Counted::observed(sample("peers_count") as u64, sample("peers_sum"))
        },
    )
}

pub(super) fn exposition() -> Contestant {
    let mut registry = Registry::default();
    let counters = Family::<ByMethodAndPath, Counter>::default();
    let histograms = Family::<ByPath, Histogram>::new_with_constructor(|| Histogram::new(BUCKETS));
    registry.register("peers_requests", "Counted.", counters.clone());
    registry.register("peers_seconds", "Observed.", histograms.clone());
    for number in 0..COUNTERS {
        let labels = ByMethodAndPath { method: METHOD, path: route(number) };
        counters.get_or_create(&labels).inc_by(total(number));
    }
    for number in 0..HISTOGRAMS {
        let series = histograms.get_or_create_owned(&ByPath { path: route(number) });
        values()[..OBSERVED].iter().for_each(|value| series.observe(*value));
    }
    exposition::contestant(
        NAME,
        Role::Peer,
        move |text: &mut String| {
            text.clear();
            encode(text, &registry).expect("a string takes all");
        },
        String::as_bytes,
    )
}
