//! prometheus, by its macros and statics.

use std::hint::black_box;
use std::sync::LazyLock;

use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};

use super::contestants::{Counted, Instrument, gauge};
use super::{COUNTERS, HISTOGRAMS, METHOD, OBSERVED, ROUTE, exposition, total};
use crate::measure::{Contestant, Role};
use crate::work::{BUCKETS, route, values};

const NAME: &str = "prometheus";

static COUNTER: LazyLock<IntCounter> =
    LazyLock::new(|| IntCounter::new("peers_counter_total", "Counted.").expect("a valid name"));
static BY_ROUTE: LazyLock<IntCounterVec> = LazyLock::new(|| vector("peers_by_route_total", "route"));
static GAUGE: LazyLock<IntGauge> =
    LazyLock::new(|| IntGauge::new("peers_gauge", "Set.").expect("a valid name"));
static HISTOGRAM: LazyLock<Histogram> = LazyLock::new(|| {
    let options = HistogramOpts::new("peers_histogram_seconds", "Observed.").buckets(BUCKETS.to_vec());
    Histogram::with_opts(options).expect("a valid name")
});

fn vector(name: &str, label: &str) -> IntCounterVec {
    IntCounterVec::new(Opts::new(name, "Counted."), &["method", label]).expect("a valid name")
}

pub(super) fn counter() -> Instrument {
    Instrument::counter(NAME, Role::Peer, || COUNTER.inc(), || COUNTER.get())
}

pub(super) fn string_labels() -> Instrument {
    Instrument::counter(
        NAME,
        Role::Peer,
        || BY_ROUTE.with_label_values(&[black_box(METHOD), black_box(ROUTE)]).inc(),
        || BY_ROUTE.with_label_values(&[METHOD, ROUTE]).get(),
    )
}

pub(super) fn kept() -> Instrument {
    let kept = BY_ROUTE.with_label_values(&["PUT", ROUTE]);
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
        || Counted::observed(HISTOGRAM.get_sample_count(), HISTOGRAM.get_sample_sum()),
    )
}

pub(super) fn exposition() -> Contestant {
    let registry = Registry::new();
    let counters = vector("peers_requests_total", "path");
    let options = HistogramOpts::new("peers_seconds", "Observed.").buckets(BUCKETS.to_vec());
    let histograms = HistogramVec::new(options, &["path"]).expect("a valid name");
    registry.register(Box::new(counters.clone())).expect("the only one of its name");
    registry.register(Box::new(histograms.clone())).expect("the only one of its name");
    for number in 0..COUNTERS {
        counters.with_label_values(&[METHOD, &route(number)]).inc_by(total(number));
    }
    for number in 0..HISTOGRAMS {
        let series = histograms.with_label_values(&[route(number)]);
        values()[..OBSERVED].iter().for_each(|value| series.observe(*value));
    }
    exposition::contestant(
        NAME,
        Role::Peer,
        move |text: &mut String| {
            text.clear();
            TextEncoder::new().encode_utf8(&registry.gather(), text).expect("a string takes all");
        },
        String::as_bytes,
    )
}
