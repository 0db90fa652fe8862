//! measured: dense sets of labels by index, text labels interned.

use std::hint::black_box;
use std::sync::LazyLock;
use std::sync::atomic::Ordering;

use measured::label::StaticLabelSet;
use measured::metric::histogram::Thresholds;
use measured::text::BufferedTextEncoder;
use measured::{Counter, CounterVec, FixedCardinalityLabel, FloatGauge, Histogram, HistogramVec};
use measured::{LabelGroup, MetricGroup};
use paracord::ParaCord;

use super::contestants::{Counted, Instrument, gauge};
use super::{COUNTERS, HISTOGRAMS, METHOD, OBSERVED, ROUTE, exposition, total};
use crate::measure::{Contestant, Role};
use crate::work::{BUCKETS, route, values};

const NAME: &str = "measured";
const BOUNDS: usize = BUCKETS.len();

#[derive(Clone, Copy, FixedCardinalityLabel)]
#[allow(dead_code, reason = "the index of a label set depends on how many values there are")]
enum Method {
    Delete,
    Get,
    Post,
    Put,
}

#[derive(Clone, Copy, FixedCardinalityLabel)]
#[allow(dead_code, reason = "the index of a label set depends on how many values there are")]
enum Status {
    Failed,
    NotFound,
    Ok,
}

#[derive(Clone, Copy, LabelGroup)]
#[label(set = ByStatusSet)]
struct ByStatus {
    method: Method,
    status: Status,
}

#[derive(Clone, Copy, LabelGroup)]
#[label(set = ByRouteSet)]
struct ByRoute<'a> {
    #[label(dynamic_with = ParaCord)]
    method: &'a str,
    #[label(dynamic_with = ParaCord)]
    path: &'a str,
}

#[derive(Clone, Copy, LabelGroup)]
#[label(set = ByPathSet)]
struct ByPath<'a> {
    #[label(dynamic_with = ParaCord)]
    path: &'a str,
}

#[derive(MetricGroup)]
struct Shown {
    peers_requests_total: CounterVec<ByRouteSet>,
    #[metric(metadata = Thresholds::with_buckets(BUCKETS))]
    peers_seconds: HistogramVec<ByPathSet, BOUNDS>,
}

static COUNTER: LazyLock<Counter> = LazyLock::new(Counter::new);
static BY_STATUS: LazyLock<CounterVec<ByStatusSet>> = LazyLock::new(|| {
    CounterVec::with_label_set(ByStatusSet { method: StaticLabelSet::new(), status: StaticLabelSet::new() })
});
static BY_ROUTE: LazyLock<CounterVec<ByRouteSet>> = LazyLock::new(|| CounterVec::with_label_set(by_route()));
static GAUGE: LazyLock<FloatGauge> = LazyLock::new(FloatGauge::new);
static HISTOGRAM: LazyLock<Histogram<BOUNDS>> =
    LazyLock::new(|| Histogram::with_metadata(Thresholds::with_buckets(BUCKETS)));

fn by_route() -> ByRouteSet {
    ByRouteSet { method: ParaCord::default(), path: ParaCord::default() }
}

pub(super) fn counter() -> Instrument {
    let read = || COUNTER.get_metric().count.load(Ordering::Relaxed);
    Instrument::counter(NAME, Role::Peer, || COUNTER.inc(), read)
}

pub(super) fn enum_labels() -> Instrument {
    const LABELS: ByStatus = ByStatus { method: Method::Get, status: Status::NotFound };
    Instrument::counter(
        NAME,
        Role::Peer,
        || BY_STATUS.inc(black_box(LABELS)),
        || BY_STATUS.get_metric(BY_STATUS.with_labels(LABELS)).count.load(Ordering::Relaxed),
    )
}

pub(super) fn string_labels() -> Instrument {
    Instrument::counter(
        NAME,
        Role::Peer,
        || BY_ROUTE.inc(ByRoute { method: black_box(METHOD), path: black_box(ROUTE) }),
        || {
            let id = BY_ROUTE.with_labels(ByRoute { method: METHOD, path: ROUTE });
            BY_ROUTE.get_metric(id).count.load(Ordering::Relaxed)
        },
    )
}

pub(super) fn kept() -> Instrument {
    let kept = BY_STATUS.with_labels(ByStatus { method: Method::Put, status: Status::Ok });
    Instrument::counter(
        NAME,
        Role::Peer,
        move || BY_STATUS.get_metric(kept).inc(),
        move || BY_STATUS.get_metric(kept).count.load(Ordering::Relaxed),
    )
}

pub(super) fn gauge_set() -> Contestant {
    gauge(NAME, Role::Peer, |value| GAUGE.get_metric().set(value), || GAUGE.get_metric().count.get())
}

pub(super) fn histogram() -> Instrument {
    Instrument::histogram(
        NAME,
        Role::Peer,
        |value| HISTOGRAM.observe(value),
        || {
            let histogram = HISTOGRAM.get_metric();
            let state = histogram.inner.read();
            let counts = state.buckets.iter().chain([&state.inf]);
            Counted::observed(counts.map(|count| count.load(Ordering::Relaxed)).sum(), state.sum.get())
        },
    )
}

pub(super) fn exposition() -> Contestant {
    let shown = Shown {
        peers_requests_total: CounterVec::with_label_set(by_route()),
        peers_seconds: HistogramVec::with_label_set_and_metadata(
            ByPathSet { path: ParaCord::default() },
            Thresholds::with_buckets(BUCKETS),
        ),
    };
    for number in 0..COUNTERS {
        let path = route(number);
        shown.peers_requests_total.inc_by(ByRoute { method: METHOD, path: &path }, total(number));
    }
    for number in 0..HISTOGRAMS {
        let path = route(number);
        for value in &values()[..OBSERVED] {
            shown.peers_seconds.observe(ByPath { path: &path }, *value);
        }
    }
    let encoder = std::cell::RefCell::new(BufferedTextEncoder::new());
    exposition::contestant(
        NAME,
        Role::Peer,
        move |text| {
            let mut encoder = encoder.borrow_mut();
            let Ok(()) = shown.collect_group_into(&mut *encoder);
            *text = encoder.finish();
        },
        |text| text,
    )
}
