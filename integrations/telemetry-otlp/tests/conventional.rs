//! Metrics that OpenTelemetry has names for, as a collector receives them.

mod support;

use std::sync::Arc;

use serde_json::json;
use support::http::{Collector, Reply};
use support::{hasty, snapshot};
use telemetry_core::metric::snapshot::{MetricFamily, MetricKind, MetricSeries, MetricValue, Pair};
use telemetry_core::sink::{Sink, SinkContext};
use telemetry_otlp::Protocol;

fn family(name: &'static str, kind: MetricKind, labels: &[(&'static str, &'static str)]) -> MetricFamily {
    let labels: Vec<Pair> = labels.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let value = match kind {
        MetricKind::Gauge => MetricValue::Gauge(2.0),
        _ => MetricValue::Counter(7),
    };
    MetricFamily {
        name: name.into(),
        help: "".into(),
        unit: Some("seconds".into()),
        kind,
        crate_name: "telemetry-http".into(),
        crate_version: "1.2.3".into(),
        series: vec![MetricSeries::new(labels, value)],
    }
}

#[test]
fn metrics_of_the_conventions_are_sent_under_their_names() {
    let collector = Collector::start([Reply::status(200)]);
    let labels =
        [("http_request_method", "GET"), ("http_route", "/books"), ("http_response_status_code", "200")];
    let mut all = snapshot(family("http_server_request_duration_seconds", MetricKind::Counter, &labels));
    let beyond = [
        ("http_request_method", "_other"),
        ("otel_metric_overflow", "true"),
        ("http_response_status_code", "_other"),
    ];
    all.families.push(family("http_server_active_requests", MetricKind::Gauge, &beyond));
    all.families.push(family("shop_requests_total", MetricKind::Counter, &labels[..1]));
    let mut sink = hasty(&collector.endpoint()).protocol(Protocol::HttpJson).build().unwrap();
    sink.attach(&SinkContext::default());
    sink.export_metrics(&Arc::new(all)).unwrap();

    let sent = collector.requests().remove(0).json();
    let metrics = sent["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().unwrap().clone();
    let told = |index: usize, data: &str| {
        let metric = &metrics[index];
        (metric["name"].clone(), metric["unit"].clone(), metric[data]["dataPoints"][0]["attributes"].clone())
    };
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let status = json!({"key": "http.response.status_code", "value": {"intValue": "200"}});
    assert_eq!(
        told(0, "sum"),
        (
            json!("http.server.request.duration"),
            json!("s"),
            json!([text("http.request.method", "GET"), text("http.route", "/books"), status]),
        )
    );
    assert_eq!(
        told(1, "gauge"),
        (
            json!("http.server.active_requests"),
            json!("{request}"),
            json!([
                text("http.request.method", "_other"),
                text("otel_metric_overflow", "true"),
                text("http.response.status_code", "_other"),
            ]),
        )
    );
    assert_eq!(
        told(2, "sum"),
        (json!("shop_requests_total"), json!("s"), json!([text("http_request_method", "GET")]))
    );
}
