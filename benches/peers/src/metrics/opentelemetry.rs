//! The OpenTelemetry SDK's instruments, read through its Prometheus exporter.

use std::hint::black_box;
use std::sync::LazyLock;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter, MeterProvider};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use prometheus::proto::Metric;
use prometheus::{Registry, TextEncoder};

use super::contestants::{Counted, Instrument, gauge};
use super::{COUNTERS, HISTOGRAMS, METHOD, OBSERVED, ROUTE, exposition, total};
use crate::measure::{Contestant, Role};
use crate::work::{BUCKETS, route, values};

const NAME: &str = "opentelemetry";

/// A provider, its meter, and the registry its values are read from.
struct Pipeline {
    _provider: SdkMeterProvider,
    meter: Meter,
    registry: Registry,
}

static PIPELINE: LazyLock<Pipeline> = LazyLock::new(Pipeline::new);
static COUNTER: LazyLock<Counter<u64>> =
    LazyLock::new(|| PIPELINE.meter.u64_counter("peers_counter").build());
static BY_ROUTE: LazyLock<Counter<u64>> =
    LazyLock::new(|| PIPELINE.meter.u64_counter("peers_by_route").build());
static KEPT: LazyLock<Counter<u64>> = LazyLock::new(|| PIPELINE.meter.u64_counter("peers_kept").build());
static GAUGE: LazyLock<Gauge<f64>> = LazyLock::new(|| PIPELINE.meter.f64_gauge("peers_gauge").build());
static HISTOGRAM: LazyLock<Histogram<f64>> = LazyLock::new(|| PIPELINE.histogram("peers_histogram"));

impl Pipeline {
    fn new() -> Self {
        let registry = Registry::new();
        let exporter = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .build()
            .expect("an empty registry takes it");
        let provider = SdkMeterProvider::builder().with_reader(exporter).build();
        Self { meter: provider.meter("peers"), _provider: provider, registry }
    }

    fn histogram(&self, name: &'static str) -> Histogram<f64> {
        self.meter.f64_histogram(name).with_boundaries(BUCKETS.to_vec()).build()
    }
}

/// The only series of the metric `name`.
fn series(name: &str) -> Option<Metric> {
    let families = PIPELINE.registry.gather();
    families.iter().find(|family| family.name() == name)?.get_metric().first().cloned()
}

fn count(name: &str) -> u64 {
    series(name).map_or(0, |series| series.get_counter().get_value() as u64)
}

pub(super) fn counter() -> Instrument {
    Instrument::counter(NAME, Role::Peer, || COUNTER.add(1, &[]), || count("peers_counter_total"))
}

pub(super) fn string_labels() -> Instrument {
    Instrument::counter(
        NAME,
        Role::Peer,
        || {
            let (method, route) = (black_box(METHOD), black_box(ROUTE));
            BY_ROUTE.add(1, &[KeyValue::new("method", method), KeyValue::new("route", route)]);
        },
        || count("peers_by_route_total"),
    )
}

pub(super) fn kept() -> Instrument {
    let kept = KEPT.bind(&[KeyValue::new("method", METHOD), KeyValue::new("route", ROUTE)]);
    Instrument::counter(NAME, Role::Peer, move || kept.add(1), || count("peers_kept_total"))
}

pub(super) fn gauge_set() -> Contestant {
    gauge(
        NAME,
        Role::Peer,
        |value: f64| GAUGE.record(value, &[]),
        || series("peers_gauge").map_or(f64::NAN, |series| series.get_gauge().get_value()),
    )
}

pub(super) fn histogram() -> Instrument {
    Instrument::histogram(
        NAME,
        Role::Peer,
        |value| HISTOGRAM.record(value, &[]),
        || {
            series("peers_histogram").map_or(Counted::observed(0, 0.0), |series| {
                let histogram = series.get_histogram();
                Counted::observed(histogram.get_sample_count(), histogram.get_sample_sum())
            })
        },
    )
}

pub(super) fn exposition() -> Contestant {
    let pipeline = Pipeline::new();
    let counters = pipeline.meter.u64_counter("peers_requests").build();
    let histograms = pipeline.histogram("peers_seconds");
    for number in 0..COUNTERS {
        counters.add(total(number), &[KeyValue::new("method", METHOD), KeyValue::new("path", route(number))]);
    }
    for number in 0..HISTOGRAMS {
        let labels = [KeyValue::new("path", route(number))];
        values()[..OBSERVED].iter().for_each(|value| histograms.record(*value, &labels));
    }
    exposition::contestant(
        NAME,
        Role::Peer,
        move |text: &mut String| {
            let Pipeline { registry, .. } = &pipeline;
            text.clear();
            TextEncoder::new().encode_utf8(&registry.gather(), text).expect("a string takes all");
        },
        String::as_bytes,
    )
}
