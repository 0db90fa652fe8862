//! metrics with the recorder of its Prometheus exporter: handles where a handle will do, its macro where labels are
//! looked up.

use std::hint::black_box;
use std::sync::LazyLock;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use super::contestants::{self, Counted, Instrument};
use super::{COUNTERS, HISTOGRAMS, METHOD, OBSERVED, ROUTE, exposition, total};
use crate::measure::{Contestant, Role};
use crate::work::{BUCKETS, route, values};

const NAME: &str = "metrics";

/// The recorder of the process, installed at first use.
static HANDLE: LazyLock<PrometheusHandle> = LazyLock::new(|| {
    let recorder = recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).expect("nothing else installs a recorder");
    handle
});

static COUNTER: LazyLock<Counter> = LazyLock::new(|| counter!("peers_counter_total"));
static KEPT: LazyLock<Counter> =
    LazyLock::new(|| counter!("peers_kept_total", "method" => METHOD, "route" => ROUTE));
static GAUGE: LazyLock<Gauge> = LazyLock::new(|| gauge!("peers_gauge"));
static HISTOGRAM: LazyLock<Histogram> = LazyLock::new(|| histogram!("peers_histogram_seconds"));

fn recorder() -> PrometheusRecorder {
    let builder = PrometheusBuilder::new().set_buckets(&BUCKETS).expect("there are buckets");
    builder.build_recorder()
}

/// Makes the recorder that of the process, for whoever else records with this library.
pub(crate) fn install() {
    LazyLock::force(&HANDLE);
}

/// Sorts observations into buckets.
pub(crate) fn settle() {
    HANDLE.run_upkeep();
}

/// The value of the only sample of `name`.
pub(crate) fn sample(name: &str) -> f64 {
    exposition::sample(&HANDLE.render(), name)
}

pub(super) fn counter() -> Instrument {
    install();
    Instrument::counter(NAME, Role::Peer, || COUNTER.increment(1), || sample("peers_counter_total") as u64)
}

pub(super) fn string_labels() -> Instrument {
    install();
    Instrument::counter(
        NAME,
        Role::Peer,
        || {
            let (method, route) = (black_box(METHOD), black_box(ROUTE));
            counter!("peers_by_route_total", "method" => method, "route" => route).increment(1);
        },
        || sample("peers_by_route_total") as u64,
    )
}

pub(super) fn kept() -> Instrument {
    install();
    let kept = KEPT.clone();
    Instrument::counter(NAME, Role::Peer, move || kept.increment(1), || sample("peers_kept_total") as u64)
}

pub(super) fn gauge_set() -> Contestant {
    install();
    contestants::gauge(NAME, Role::Peer, |value: f64| GAUGE.set(value), || sample("peers_gauge"))
}

/// Observations wait in a list until somebody sorts them into buckets, which is done between bursts.
pub(super) fn histogram() -> Instrument {
    install();
    let read = || {
        let count = sample("peers_histogram_seconds_count") as u64;
        Counted::observed(count, sample("peers_histogram_seconds_sum"))
    };
    Instrument::histogram(NAME, Role::Peer, |value| HISTOGRAM.record(value), read).settled(settle)
}

pub(super) fn exposition() -> Contestant {
    let recorder = recorder();
    let handle = recorder.handle();
    metrics::with_local_recorder(&recorder, || {
        for number in 0..COUNTERS {
            counter!("peers_requests_total", "method" => METHOD, "path" => route(number))
                .increment(total(number));
        }
        for number in 0..HISTOGRAMS {
            let series = histogram!("peers_seconds", "path" => route(number));
            values()[..OBSERVED].iter().for_each(|value| series.record(*value));
        }
    });
    exposition::contestant(
        NAME,
        Role::Peer,
        move |text: &mut String| *text = handle.render(),
        String::as_bytes,
    )
}
