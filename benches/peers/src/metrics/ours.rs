//! This framework's instruments.

use std::hint::black_box;
use std::sync::Arc;

use telemetry_core::metric::snapshot::{MetricSeries, MetricValue, MetricsSnapshot};
use telemetry_core::{Label, Telemetry, metric};

use super::contestants::{Counted, Instrument, gauge};
use super::{COUNTERS, HISTOGRAMS, METHOD, OBSERVED, ROUTE, exposition, total};
use crate::measure::{Contestant, Role};
use crate::spans::{Mode, System, ours};
use crate::work::{route, values};

const NAME: &str = ours::Ours::NAME;

#[derive(Clone, Copy, Label)]
enum Method {
    Delete,
    Get,
    Post,
    Put,
}

#[derive(Clone, Copy, Label)]
enum Status {
    Failed,
    NotFound,
    Ok,
}

metric! {
    /// Counted without labels.
    static COUNTER: Counter = "peers_counter_total";
    /// Counted by method and status.
    static BY_STATUS: Counter = "peers_by_status_total" { method: Method, status: Status };
    /// Counted by method and route.
    static BY_ROUTE: Counter = "peers_by_route_total" { method: str, route: str };
    /// Counted by method and route, the series being kept.
    static KEPT: Counter = "peers_kept_total" { method: str, route: str };
    /// Set.
    static GAUGE: Gauge = "peers_gauge";
    /// Observed.
    static HISTOGRAM: Histogram = "peers_histogram_seconds";
    /// The counters of the text.
    static REQUESTS: Counter = "peers_requests_total" { method: str, path: str }, limit = 2_000;
    /// The histograms of the text.
    static SECONDS: Histogram = "peers_seconds" { path: str };
}

/// The pipeline, with instruments switched on.
fn telemetry() -> &'static Telemetry {
    ours::Ours::select(Mode::Sampled);
    ours::telemetry()
}

/// The values of the only series of `name` that is in use.
fn value(name: &str) -> Option<MetricValue> {
    let metrics = telemetry().metrics();
    let family = metrics.families.iter().find(|family| family.name == name)?;
    let used = |series: &&MetricSeries| series.value != MetricValue::Counter(0);
    family.series.iter().find(used).or(family.series.first()).map(|series| series.value.clone())
}

fn count(name: &str) -> u64 {
    match value(name) {
        Some(MetricValue::Counter(total)) => total,
        _ => 0,
    }
}

pub(super) fn counter() -> Instrument {
    telemetry();
    Instrument::counter(NAME, Role::Ours, || COUNTER.inc(), || count("peers_counter_total"))
}

pub(super) fn enum_labels() -> Instrument {
    telemetry();
    let _ = [Method::Delete, Method::Post, Method::Put];
    let _ = [Status::Failed, Status::Ok];
    Instrument::counter(
        NAME,
        Role::Ours,
        || BY_STATUS.with((black_box(Method::Get), black_box(Status::NotFound))).inc(),
        || count("peers_by_status_total"),
    )
}

pub(super) fn string_labels() -> Instrument {
    telemetry();
    Instrument::counter(
        NAME,
        Role::Ours,
        || BY_ROUTE.with((black_box(METHOD), black_box(ROUTE))).inc(),
        || count("peers_by_route_total"),
    )
}

pub(super) fn kept() -> Instrument {
    telemetry();
    let kept = KEPT.series((METHOD, ROUTE));
    Instrument::counter(NAME, Role::Ours, move || kept.inc(), || count("peers_kept_total"))
}

pub(super) fn gauge_set() -> Contestant {
    telemetry();
    gauge(
        NAME,
        Role::Ours,
        |value| GAUGE.set(value),
        || match value("peers_gauge") {
            Some(MetricValue::Gauge(value)) => value,
            _ => f64::NAN,
        },
    )
}

pub(super) fn histogram() -> Instrument {
    telemetry();
    Instrument::histogram(
        NAME,
        Role::Ours,
        |value| HISTOGRAM.observe(value),
        || match value("peers_histogram_seconds") {
            Some(MetricValue::Histogram { counts, sum, .. }) => Counted::observed(counts.iter().sum(), sum),
            _ => Counted::observed(0, 0.0),
        },
    )
}

/// Reading every instrument of the process and writing the text, as a live scrape does.
pub(super) fn exposition() -> Contestant {
    let telemetry = telemetry();
    for number in 0..COUNTERS {
        REQUESTS.with((METHOD, route(number).as_str())).add(total(number));
    }
    for number in 0..HISTOGRAMS {
        let series = SECONDS.series(route(number).as_str());
        values()[..OBSERVED].iter().for_each(|value| series.observe(*value));
    }
    exposition::contestant(
        NAME,
        Role::Ours,
        |snapshot: &mut Arc<MetricsSnapshot>| {
            *snapshot = telemetry.metrics();
            snapshot.text();
        },
        |snapshot| snapshot.text().as_bytes(),
    )
}
