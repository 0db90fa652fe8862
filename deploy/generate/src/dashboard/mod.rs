//! The dashboard: a graph for every metric, requests first, the framework's own figures last.

mod panel;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::manifest::{Kind, Manifest, Metric};
use panel::{Grid, Panel, Target, source};

/// The version of Grafana's dashboard model this is written for, that of Grafana 10 and 11; later ones bring it up to date.
const SCHEMA_VERSION: u32 = 39;
/// What restricts an expression to what is chosen above the panels.
const CHOSEN: &str = "service=~\"$service\", environment=~\"$environment\", instance=~\"$instance\"";
/// The scope of the framework's own figures.
const OWN: &str = "telemetry-core";
/// The scope of the metrics of requests.
const REQUESTS: &str = "telemetry-http";
/// The metrics of runtimes, one of which has many series.
const RUNTIMES: &str = "telemetry-tokio";
/// The row of the figures that a process has of itself, by the names of Prometheus's own clients.
const PROCESS: &str = "process";
/// Counters that have no series before something is wrong; no data is as good as zero.
const SELDOM: [&str; 1] = ["telemetry_metric_overflow_total"];
/// How long a title may be.
const TITLE: usize = 80;

/// The dashboard's file for a program.
pub(crate) fn file(manifest: &Manifest) -> String {
    let mut grid = Grid::default();
    for (scope, title) in scopes(manifest) {
        grid.row(title);
        for panel in panels(manifest, scope) {
            grid.panel(&panel);
        }
    }
    let dashboard = json!({
        "uid": "telemetry-service",
        "title": "Service",
        "description": "Made by deploy/generate from the metrics the program declares.",
        "tags": ["telemetry"],
        "schemaVersion": SCHEMA_VERSION,
        "editable": true,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [
            {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
            variable("environment", "label_values(up, environment)"),
            variable("service", "label_values(up{environment=~\"$environment\"}, service)"),
            variable(
                "instance",
                "label_values(up{environment=~\"$environment\", service=~\"$service\"}, instance)",
            ),
        ]},
        "annotations": {"list": [{
            "name": "Alerts",
            "datasource": source(),
            "enable": true,
            "iconColor": "red",
            "expr": "ALERTS{alertstate=\"firing\", service=~\"$service\", environment=~\"$environment\"}",
            "titleFormat": "{{alertname}}",
            "textFormat": "{{service}} {{instance}}",
            "step": "60s",
        }]},
        "panels": grid.into_panels(),
    });
    format!("{dashboard:#}\n")
}

/// A choice above the panels: any of the values that a query finds, all of them at first.
fn variable(name: &str, query: &str) -> Value {
    json!({
        "name": name,
        "label": name,
        "type": "query",
        "datasource": source(),
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
        "multi": true,
        "includeAll": true,
        "allValue": ".*",
        "current": {"text": ["All"], "value": ["$__all"]},
    })
}

/// Whose metrics there are, with titles, in the order of the rows.
fn scopes(manifest: &Manifest) -> Vec<(&str, &str)> {
    let all: BTreeSet<&str> = manifest.metrics.iter().map(scope).collect();
    let known = |scope: &'static str, title: &'static str| all.contains(scope).then_some((scope, title));
    let others = all.iter().filter(|scope| ![OWN, PROCESS, REQUESTS, RUNTIMES].contains(scope));
    let others = others.map(|scope| match *scope {
        "" => ("", "Others"),
        scope => (scope, scope),
    });
    let last = [(RUNTIMES, "Runtimes"), (PROCESS, "Processes"), (OWN, "Telemetry itself")];
    let last = last.into_iter().filter_map(|(scope, title)| known(scope, title));
    known(REQUESTS, "Requests").into_iter().chain(others).chain(last).collect()
}

/// Whose a metric is.
fn scope(metric: &Metric) -> &str {
    if is_of_process(metric) { PROCESS } else { &metric.scope.name }
}

fn is_of_process(metric: &Metric) -> bool {
    metric.scope.name == OWN && metric.name.starts_with("process_")
}

fn panels(manifest: &Manifest, whose: &str) -> Vec<Panel> {
    let metrics = || manifest.metrics.iter().filter(move |metric| scope(metric) == whose);
    let mut panels = Vec::new();
    let mut shown = BTreeSet::new();
    for metric in metrics() {
        let (panel, of) = match (error_rate(metric), saturation(manifest, metric)) {
            (Some([by_status, errors]), _) => {
                panels.push(by_status);
                (errors, vec![&*metric.name])
            }
            (None, Some((panel, of))) => (panel, of),
            (None, None) => continue,
        };
        panels.push(panel);
        shown.extend(of);
    }
    panels.extend(metrics().filter(|metric| !shown.contains(&*metric.name)).map(alone));
    panels
}

/// A total of requests by status: their rate by status, and the share that fails.
fn error_rate(metric: &Metric) -> Option<[Panel; 2]> {
    let Metric { name, .. } = metric;
    if metric.kind != Kind::Counter || !name.ends_with("_requests_total") || !metric.has_label("status") {
        return None;
    }
    let rate = |more: &str| format!("rate({name}{{{CHOSEN}{more}}}[$__rate_interval])");
    let by_status = Panel {
        title: "Requests by status".to_owned(),
        description: described(metric),
        unit: "reqps",
        targets: vec![Target {
            exemplars: true,
            ..Target::new(format!("sum by (status) ({})", rate("")), "{{status}}")
        }],
    };
    let failed = rate(", status=~\"5..\"");
    let errors = Panel {
        title: "Error rate".to_owned(),
        description: format!("The share of the requests that was answered with 5xx; `{name}`."),
        unit: "percentunit",
        targets: vec![Target::new(
            // Before the first failure there is no such series, and the rate is 0.
            format!("(sum({failed}) or vector(0)) / sum({})", rate("")),
            "5xx",
        )],
    };
    Some([by_status, errors])
}

/// What is used beside what there is: how near to its end it is.
fn saturation<'a>(manifest: &'a Manifest, metric: &'a Metric) -> Option<(Panel, Vec<&'a str>)> {
    let (all, title, what) = match metric.name.strip_suffix("_in_use_connections") {
        Some(stem) => {
            (format!("{stem}_total_connections"), "Pool saturation", "the pool's connections at work")
        }
        None if metric.name == "process_open_fds" => (
            "process_max_fds".to_owned(),
            "File descriptors",
            "the file descriptors it may have that are open",
        ),
        None => return None,
    };
    let (used, all) = (&metric.name, &manifest.metric(&all)?.name);
    let panel = Panel {
        title: title.to_owned(),
        description: format!("The share of {what}; `{used}` of `{all}`."),
        unit: "percentunit",
        targets: vec![Target::new(
            format!("sum by (instance) ({used}{{{CHOSEN}}}) / sum by (instance) ({all}{{{CHOSEN}}})"),
            "{{instance}}",
        )],
    };
    Some((panel, vec![used, all]))
}

/// A metric for itself.
fn alone(metric: &Metric) -> Panel {
    let targets = match metric.kind {
        // A moment: how long ago it was says more.
        Kind::Gauge if metric.name == "process_start_time_seconds" => vec![Target::new(
            format!("time() - max by (instance) ({}{{{CHOSEN}}})", metric.name),
            "{{instance}}",
        )],
        Kind::Counter => vec![rate(metric)],
        Kind::Gauge => vec![value(metric)],
        Kind::Histogram => quantiles(metric),
    };
    Panel { title: title(metric), description: described(metric), unit: unit(metric), targets }
}

fn rate(metric: &Metric) -> Target {
    let Metric { name, .. } = metric;
    let by = labels(metric);
    let rate = format!("{}(rate({name}{{{CHOSEN}}}[$__rate_interval]))", grouped("sum", &by));
    let expr = if SELDOM.contains(&&**name) { format!("{rate} or vector(0)") } else { rate };
    Target { exemplars: true, ..Target::new(expr, legend(&by, "all")) }
}

/// Amounts add up over the processes; times and shares do not.
fn value(metric: &Metric) -> Target {
    let Metric { name, .. } = metric;
    let by = labels(metric);
    if matches!(unit(metric), "s" | "percentunit") {
        let by = if by.first() == Some(&"instance") { by } else { [vec!["instance"], by].concat() };
        return Target::new(format!("{}({name}{{{CHOSEN}}})", grouped("max", &by)), legend(&by, ""));
    }
    Target::new(format!("{}({name}{{{CHOSEN}}})", grouped("sum", &by)), legend(&by, "all"))
}

fn quantiles(metric: &Metric) -> Vec<Target> {
    let Metric { name, .. } = metric;
    let quantiles =
        [("0.5", "p50"), ("0.95", "p95"), ("0.99", "p99")].into_iter().map(|(quantile, legend)| {
            let buckets = format!("rate({name}_bucket{{{CHOSEN}}}[$__rate_interval])");
            let expr = format!("histogram_quantile({quantile}, sum by (le) ({buckets}))");
            Target { exemplars: quantile == "0.99", ..Target::new(expr, legend) }
        });
    quantiles.collect()
}

/// What its series are told apart by; those of a process by that process.
fn labels(metric: &Metric) -> Vec<&str> {
    let instance = is_of_process(metric).then_some("instance");
    instance.into_iter().chain(metric.labels.iter().map(|label| &*label.name)).collect()
}

fn grouped(aggregation: &str, by: &[&str]) -> String {
    if by.is_empty() { aggregation.to_owned() } else { format!("{aggregation} by ({}) ", by.join(", ")) }
}

fn legend(by: &[&str], without: &str) -> String {
    if by.is_empty() {
        return without.to_owned();
    }
    by.iter().map(|label| format!("{{{{{label}}}}}")).collect::<Vec<_>>().join(" ")
}

/// One of Grafana's units.
fn unit(metric: &Metric) -> &'static str {
    let named =
        |unit: &str| metric.unit.as_deref() == Some(unit) || metric.name.ends_with(&format!("_{unit}"));
    match metric.kind {
        // Seconds a second: the share of its time, of processors the number.
        Kind::Counter if metric.name.ends_with("_seconds_total") => "percentunit",
        Kind::Counter => "ops",
        _ if named("seconds") => "s",
        _ if named("bytes") => "bytes",
        _ if named("ratio") => "percentunit",
        _ => "short",
    }
}

/// The first sentence of the help, up to its first comma or colon where it is long.
fn title(metric: &Metric) -> String {
    let help = metric.help.trim();
    let sentence = help.split_once(". ").map_or(help, |(first, _)| first).trim_end_matches('.');
    let short =
        if sentence.len() > TITLE { sentence.split_once([',', ':']).map(|(first, _)| first) } else { None };
    short.unwrap_or(sentence).to_owned()
}

fn described(metric: &Metric) -> String {
    format!("{} `{}`.", metric.help.trim(), metric.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::tests::shop;

    fn dashboard() -> Value {
        serde_json::from_str(&file(&shop())).unwrap()
    }

    fn titles(dashboard: &Value) -> Vec<&str> {
        dashboard["panels"].as_array().unwrap().iter().map(|panel| panel["title"].as_str().unwrap()).collect()
    }

    #[test]
    fn every_metric_has_its_place_requests_first_and_the_frameworks_own_last() {
        let dashboard = dashboard();
        assert_eq!(
            titles(&dashboard),
            [
                "Requests",
                "Requests by status",
                "Error rate",
                "What http_request_duration_seconds says",
                "shop",
                "Pool saturation",
                "What shop_pool_waiters says",
                "What shop_rate_limit_hits_total says",
                "Runtimes",
                "What tokio_workers says",
                "Processes",
                "File descriptors",
                "What process_cpu_seconds_total says",
                "What process_start_time_seconds says",
                "Telemetry itself",
                "What telemetry_ring_occupancy_ratio says",
                "What telemetry_sink_errors_total says",
                "What telemetry_sink_spans_dropped_total says",
                "What telemetry_spans_dropped_total says",
            ]
        );
        let said = dashboard["panels"].to_string();
        for metric in shop().metrics {
            assert!(said.contains(&metric.name), "{} is nowhere", metric.name);
        }
    }

    #[test]
    fn figures_of_processes_are_shown_by_process() {
        let dashboard = dashboard();
        let queries = |title: &str| -> String {
            let panels = dashboard["panels"].as_array().unwrap();
            let panel = panels.iter().find(|panel| panel["title"] == title).unwrap();
            panel["targets"][0]["expr"].as_str().unwrap().replace(CHOSEN, "")
        };
        let instances = "by (instance)";
        assert_eq!(
            queries("What process_cpu_seconds_total says"),
            format!("sum {instances} (rate(process_cpu_seconds_total{{}}[$__rate_interval]))")
        );
        assert_eq!(
            queries("What process_start_time_seconds says"),
            format!("time() - max {instances} (process_start_time_seconds{{}})")
        );
        assert_eq!(
            queries("File descriptors"),
            format!("sum {instances} (process_open_fds{{}}) / sum {instances} (process_max_fds{{}})")
        );
    }

    #[test]
    fn no_two_panels_share_an_identifier_or_a_place() {
        let dashboard = dashboard();
        let panels = dashboard["panels"].as_array().unwrap();
        let ids: BTreeSet<String> = panels.iter().map(|panel| panel["id"].to_string()).collect();
        let mut places = BTreeSet::new();
        for panel in panels {
            let [x, y, w, h] = ["x", "y", "w", "h"].map(|key| panel["gridPos"][key].as_u64().unwrap());
            assert!(x + w <= 24);
            for place in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
                assert!(places.insert(place), "{} covers another", panel["title"]);
            }
        }
        assert_eq!(ids.len(), panels.len());
    }

    #[test]
    fn a_long_help_gives_a_short_title() {
        let mut shop = shop();
        shop.metrics[0].help =
            "Time a query takes, from its preparation to its very last row and on to the end of all that it was asked for. And more.".to_owned();
        assert_eq!(title(&shop.metrics[0]), "Time a query takes");
        shop.metrics[0].help = "Pages rendered.".to_owned();
        assert_eq!(title(&shop.metrics[0]), "Pages rendered");
    }
}
