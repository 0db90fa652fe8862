//! What is exposed of the instruments of a layer: names and labels of its options, made when the metrics are read.

use std::borrow::Cow;

use telemetry_core::__private::metric::regroup;
use telemetry_core::metric::snapshot::{MetricFamily, MetricKind, MetricSeries, MetricValue, Pair};

use super::MetricOptions;
use crate::conventions::Conventions;

/// The families that stand for the durations, whose labels are method, route and status.
pub(super) fn durations(options: &MetricOptions, mut family: MetricFamily) -> Vec<MetricFamily> {
    let mut families = Vec::new();
    if options.conventions != Conventions::Stable {
        families.push(MetricFamily {
            name: options.named("requests_total"),
            help: "Requests answered, by method and status.".into(),
            unit: None,
            kind: MetricKind::Counter,
            series: regroup(counts(&family.series), |labels| picked(labels, &["method", "status"])),
            ..head(&family)
        });
        let labels: &[&str] = match (options.route, options.status_class) {
            (false, false) => &["method"],
            (true, false) => &["method", "route"],
            (false, true) => &["method", CLASS],
            (true, true) => &["method", "route", CLASS],
        };
        families.push(MetricFamily {
            name: options.named("request_duration_seconds"),
            series: regroup(family.series.clone(), |pairs| picked(pairs, labels)),
            ..head(&family)
        });
    }
    if options.conventions != Conventions::Old {
        family.name = "http_server_request_duration_seconds".into();
        family.series = regroup(family.series, stable);
        families.push(family);
    }
    families
}

/// The families that stand for the requests under way, whose label is the method.
pub(super) fn under_way(options: &MetricOptions, mut family: MetricFamily) -> Vec<MetricFamily> {
    let mut families = Vec::new();
    if options.conventions != Conventions::Stable {
        families.push(MetricFamily {
            name: options.named("requests_in_flight"),
            series: regroup(family.series.clone(), |labels| picked(labels, &[])),
            ..head(&family)
        });
    }
    if options.conventions != Conventions::Old {
        family.name = "http_server_active_requests".into();
        family.help = "Requests begun and not yet ended, by method.".into();
        family.series = regroup(family.series, stable);
        families.push(family);
    }
    families
}

/// All of a family but its series.
fn head(family: &MetricFamily) -> MetricFamily {
    MetricFamily {
        name: family.name.clone(),
        help: family.help.clone(),
        unit: family.unit.clone(),
        kind: family.kind,
        crate_name: family.crate_name.clone(),
        crate_version: family.crate_version.clone(),
        series: Vec::new(),
    }
}

/// The observations of histograms as counters.
fn counts(histograms: &[MetricSeries]) -> Vec<MetricSeries> {
    let count = |series: &MetricSeries| {
        let MetricValue::Histogram { counts, .. } = &series.value else { return None };
        let latest = series.exemplars.iter().max_by_key(|exemplar| exemplar.time_unix_nanos);
        let exemplars = latest.map(|latest| {
            let mut one = *latest;
            one.value = 1.0;
            one
        });
        Some(MetricSeries {
            labels: series.labels.clone(),
            value: MetricValue::Counter(counts.iter().sum()),
            exemplars: exemplars.into_iter().collect(),
        })
    };
    histograms.iter().filter_map(count).collect()
}

/// The label that is made of the status.
const CLASS: &str = "status_class";
/// The labels that requests are recorded by, and their stable names.
const NAMES: [(&str, &str); 3] =
    [("method", "http_request_method"), ("route", "http_route"), ("status", "http_response_status_code")];

/// The labels of these names, and those that are nobody's: the mark of what is beyond the limit of series.
fn picked(labels: &[Pair], names: &[&'static str]) -> Vec<Pair> {
    let value = |name: &str| labels.iter().find(|(other, _)| other == name).map(|(_, value)| value);
    let pick = |name: &&'static str| {
        let value = match *name {
            CLASS => class_of(value("status")?),
            name => value(name)?.clone(),
        };
        Some((Cow::Borrowed(*name), value))
    };
    let foreign = labels.iter().filter(|(name, _)| NAMES.iter().all(|(known, _)| known != name));
    names.iter().filter_map(pick).chain(foreign.cloned()).collect()
}

/// The label that the stable conventions give to requests that failed, and to no others.
const ERROR_TYPE: &str = "error_type";

/// The labels under their stable names, and the type of the error that a status is.
fn stable(labels: &[Pair]) -> Vec<Pair> {
    let rename = |(name, value): &Pair| {
        let renamed = NAMES.iter().find(|(old, _)| old == name).map(|(_, stable)| Cow::Borrowed(*stable));
        (renamed.unwrap_or_else(|| name.clone()), value.clone())
    };
    let is_error = |(name, value): &&Pair| name == "status" && value.starts_with('5');
    let error = labels.iter().find(is_error).map(|(_, status)| (Cow::Borrowed(ERROR_TYPE), status.clone()));
    labels.iter().map(rename).chain(error).collect()
}

/// The class of a status, as it stands in a label; what is no status stays as it is.
fn class_of(status: &str) -> Cow<'static, str> {
    let class = match status.as_bytes().first() {
        Some(b'1') => "1xx",
        Some(b'2') => "2xx",
        Some(b'3') => "3xx",
        Some(b'4') => "4xx",
        Some(b'5') => "5xx",
        Some(b'6'..=b'9') => "_OTHER",
        _ => return Cow::Owned(status.to_owned()),
    };
    Cow::Borrowed(class)
}
