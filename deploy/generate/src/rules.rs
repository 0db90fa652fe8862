//! Recording rules and alerts, as far as the metrics they look at are declared.

use std::fmt::Write;

use crate::manifest::{Kind, Manifest};

/// What stands above the rules.
const HEADER: &str = "\
# Made by deploy/generate from the metrics the program declares; change that, not this. README.md says how.
# `service` and `environment` come from the scrape configuration.
";

/// By what services are told apart.
const SERVICE: &str = "service, environment";
/// By what processes are.
const PROCESS: &str = "service, environment, instance";

struct Recording {
    record: String,
    expr: String,
}

struct Alert {
    name: &'static str,
    expr: String,
    /// How long the expression must hold; none for at once.
    hold: Option<&'static str>,
    severity: &'static str,
    summary: &'static str,
    description: &'static str,
}

/// The file of rules for a program.
pub(crate) fn file(manifest: &Manifest) -> String {
    let mut out = HEADER.to_owned();
    out.push_str("groups:\n  - name: recorded\n    rules:\n");
    for Recording { record, expr } in recordings(manifest) {
        let _ = write!(out, "      - record: {record}\n        expr: |-\n          {expr}\n");
    }
    out.push_str("\n  - name: alerts\n    rules:\n");
    for alert in alerts(manifest) {
        write_alert(&mut out, &alert);
    }
    out
}

fn write_alert(out: &mut String, alert: &Alert) {
    let Alert { name, expr, hold, severity, summary, description } = alert;
    let _ = write!(out, "      - alert: {name}\n        expr: |-\n          {expr}\n");
    if let Some(hold) = hold {
        let _ = writeln!(out, "        for: {hold}");
    }
    let _ = write!(
        out,
        "        labels:\n          severity: {severity}\n        annotations:\n          summary: {}\n          description: {}\n",
        quoted(summary),
        quoted(description),
    );
}

/// A text in double quotes; those of JSON are YAML's, too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// What alerts compare, kept as series of its own: cheap to look back at.
fn recordings(manifest: &Manifest) -> Vec<Recording> {
    let mut recordings = Vec::new();
    for (stem, counter) in manifest.ending(Kind::Counter, "_requests_total") {
        if counter.has_label("status") {
            let name = &counter.name;
            let all = format!("sum by ({SERVICE}) (rate({name}[5m]))");
            let failed = format!("sum by ({SERVICE}) (rate({name}{{status=~\"5..\"}}[5m]))");
            recordings
                .push(Recording { record: format!("service:{stem}_requests:rate5m"), expr: all.clone() });
            recordings.push(Recording {
                record: errors_ratio(stem),
                expr: format!("{failed}\n            / {all}"),
            });
        }
    }
    for (stem, _) in manifest.ending(Kind::Histogram, "_request_duration_seconds") {
        let buckets = format!("rate({stem}_request_duration_seconds_bucket[5m])");
        for (name, quantile) in [("p50", "0.5"), ("p95", "0.95"), ("p99", "0.99")] {
            recordings.push(Recording {
                record: duration_quantile(stem, name),
                expr: format!("histogram_quantile({quantile}, sum by ({SERVICE}, le) ({buckets}))"),
            });
        }
    }
    recordings
}

fn errors_ratio(stem: &str) -> String {
    format!("service:{stem}_requests_5xx:ratio_rate5m")
}

fn duration_quantile(stem: &str, quantile: &str) -> String {
    format!("service:{stem}_request_duration_seconds:{quantile}_rate5m")
}

fn alerts(manifest: &Manifest) -> Vec<Alert> {
    let mut alerts = vec![Alert {
        name: "TargetDown",
        expr: "up == 0".to_owned(),
        hold: Some("1m"),
        severity: "critical",
        summary: "{{ $labels.instance }} of {{ $labels.service }} cannot be scraped",
        description: "Prometheus has had no answer from /metrics for a minute. No other alert says anything of this process meanwhile.",
    }];
    alerts.extend(of_requests(manifest));
    alerts.extend(of_resources(manifest));
    alerts.extend(of_telemetry(manifest));
    alerts
}

/// What those who call the service notice.
fn of_requests(manifest: &Manifest) -> impl Iterator<Item = Alert> {
    let counters = manifest.ending(Kind::Counter, "_requests_total");
    let errors = counters.filter(|(_, counter)| counter.has_label("status")).map(|(stem, _)| Alert {
        name: "HighErrorRate",
        expr: format!("{} > 0.05", errors_ratio(stem)),
        hold: Some("5m"),
        severity: "critical",
        summary: "{{ $labels.service }} answers {{ $value | humanizePercentage }} of its requests with 5xx",
        description: "More than 5 % of the requests have failed for five minutes. The viewer and the trace store list the failed traces: look for status error.",
    });
    let slow = manifest.ending(Kind::Histogram, "_request_duration_seconds").map(|(stem, _)| Alert {
        name: "SlowRequests",
        expr: format!("{} > 2", duration_quantile(stem, "p99")),
        hold: Some("10m"),
        severity: "warning",
        summary: "One request in a hundred to {{ $labels.service }} takes {{ $value | humanizeDuration }} or more",
        description: "The 99th percentile has been above 2 s for ten minutes. Exemplars on the latency panel lead to traces of slow requests.",
    });
    errors.chain(slow)
}

/// What the service runs short of.
fn of_resources(manifest: &Manifest) -> impl Iterator<Item = Alert> {
    let waiters = manifest.ending(Kind::Gauge, "_pool_waiters").map(|(_, gauge)| Alert {
        name: "PoolWaiters",
        expr: format!("{} > 0", gauge.name),
        hold: Some("1m"),
        severity: "warning",
        summary: "Callers waiting for a connection of {{ $labels.instance }}: {{ $value }}",
        description: "Somebody has been waiting for a connection of the pool for a minute: it is too small, or queries hold connections too long.",
    });
    let limited = manifest.ending(Kind::Counter, "_rate_limit_hits_total").map(|(_, counter)| Alert {
        name: "RateLimitHits",
        expr: format!("sum by ({SERVICE}) (rate({}[5m])) > 10", counter.name),
        hold: Some("5m"),
        severity: "info",
        summary: "{{ $labels.service }} refuses {{ $value | humanize }} requests a second for its limits",
        description: "More than 10 requests a second have been refused for five minutes: a client gone wild, or a limit that is too low.",
    });
    waiters.chain(limited)
}

/// What the telemetry itself loses.
fn of_telemetry(manifest: &Manifest) -> impl Iterator<Item = Alert> {
    let growing = |name: &'static str, metric: &'static str, by: &str, summary, description| {
        manifest.metric(metric).map(|_| Alert {
            name,
            expr: format!("sum by ({PROCESS}, {by}) (increase({metric}[5m])) > 0"),
            hold: None,
            severity: "warning",
            summary,
            description,
        })
    };
    [
        growing(
            "SpansDropped",
            "telemetry_spans_dropped_total",
            "reason",
            "{{ $labels.instance }} has dropped {{ $value | humanize }} spans in five minutes: {{ $labels.reason }}",
            "Spans found no place in the ring. With reason full: raise TELEMETRY_SPAN_RING_CAPACITY, lower TELEMETRY_DRAIN_INTERVAL, or record fewer traces.",
        ),
        growing(
            "SinkSpansDropped",
            "telemetry_sink_spans_dropped_total",
            "sink, reason",
            "Sink {{ $labels.sink }} of {{ $labels.instance }} has missed {{ $value | humanize }} spans in five minutes: {{ $labels.reason }}",
            "A sink is slower than the spans come, or its destination refuses them. Other sinks are not touched by it.",
        ),
        growing(
            "SinkErrors",
            "telemetry_sink_errors_total",
            "sink",
            "Sink {{ $labels.sink }} of {{ $labels.instance }} has failed {{ $value | humanize }} times in five minutes",
            "The destination of a sink does not answer or refuses what it gets. Standard error of the process says why, at most once a minute.",
        ),
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::tests::shop;

    #[test]
    fn a_program_gets_the_alerts_its_metrics_allow() {
        let names =
            |manifest: &Manifest| -> Vec<&str> { alerts(manifest).iter().map(|alert| alert.name).collect() };
        let mut shop = shop();
        assert_eq!(
            names(&shop),
            [
                "TargetDown",
                "HighErrorRate",
                "SlowRequests",
                "PoolWaiters",
                "RateLimitHits",
                "SpansDropped",
                "SinkSpansDropped",
                "SinkErrors",
            ]
        );
        shop.metrics.retain(|metric| metric.scope.name == "telemetry-core");
        assert_eq!(names(&shop), ["TargetDown", "SpansDropped", "SinkSpansDropped", "SinkErrors"]);
        assert!(recordings(&shop).is_empty());
    }

    #[test]
    fn a_prefix_of_the_layers_metrics_goes_into_the_rules() {
        let mut shop = shop();
        for metric in &mut shop.metrics {
            metric.name = metric.name.replace("http_", "corner_");
        }
        let file = file(&shop);
        assert!(
            file.contains(
                "expr: |-\n          service:corner_requests_5xx:ratio_rate5m > 0.05\n        for: 5m\n"
            ),
            "{file}"
        );
        assert!(!file.contains("http_"), "{file}");
    }
}
