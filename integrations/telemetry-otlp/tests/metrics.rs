//! What a collector receives of metrics, in JSON.

mod support;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use support::http::{Collector, Reply};
use support::{attached, by_reason, json_to, lost, snapshot};
use telemetry_core::metric::snapshot::{
    Exemplar, ExponentialHistogram, MetricFamily, MetricKind, MetricSeries, MetricValue,
};
use telemetry_core::sink::Sink;
use telemetry_core::{SpanId, TraceId};

fn family(name: &'static str, kind: MetricKind, values: Vec<MetricValue>) -> MetricFamily {
    let series = values
        .into_iter()
        .enumerate()
        .map(|(index, value)| MetricSeries::new(vec![("shelf".into(), format!("s{index}").into())], value));
    MetricFamily {
        name: name.into(),
        help: "What it is.".into(),
        unit: Some("seconds".into()),
        kind,
        crate_name: "books".into(),
        crate_version: "1.2.3".into(),
        series: series.collect(),
    }
}

fn histogram(counts: [u64; 3], sum: f64) -> MetricValue {
    MetricValue::Histogram { bounds: Arc::from([0.5, 1.0]), counts: counts.to_vec(), sum }
}

/// The metrics of a request with one scope.
fn metrics(json: &Json) -> Json {
    let scopes = &json["resourceMetrics"][0]["scopeMetrics"];
    assert_eq!(scopes.as_array().unwrap().len(), 1);
    assert_eq!(scopes[0]["scope"], json!({"name": "books", "version": "1.2.3"}));
    scopes[0]["metrics"].clone()
}

#[test]
fn metrics_are_written_as_the_specification_says() {
    let collector = Collector::start([Reply::status(200)]);
    let mut all = snapshot(family("load", MetricKind::Gauge, vec![MetricValue::Gauge(-1.5)]));
    all.families.push(family(
        "sales_total",
        MetricKind::Counter,
        vec![MetricValue::Counter(0), MetricValue::Counter(9)],
    ));
    all.families.push(family("wait_seconds", MetricKind::Histogram, vec![histogram([1, 0, 2], 7.25)]));
    all.families.push(family("busy_seconds_total", MetricKind::Counter, vec![MetricValue::RealCounter(2.5)]));
    let mut counts = vec![0; 101];
    counts[40..43].copy_from_slice(&[4, 0, 200]);
    let exponential = ExponentialHistogram {
        scale: 3,
        offset: -45,
        counts,
        zero_count: 1,
        zero_threshold: 0.125,
        sum: 130.5,
    };
    let exponential = vec![MetricValue::Exponential(exponential)];
    all.families.push(family("work_seconds", MetricKind::Histogram, exponential));
    let (trace, span) = (TraceId::new(0xa1).unwrap(), SpanId::new(0xb2).unwrap());
    all.families[1].series[1].exemplars = vec![Exemplar::new(trace, span, 3.0, 1_500)];
    all.families[2].series[0].exemplars = vec![Exemplar::new(trace, span, 0.25, 1_600)];
    attached(json_to(&collector)).export_metrics(&Arc::new(all)).unwrap();
    let request = collector.requests().remove(0);
    assert_eq!(request.path, "/v1/metrics");
    let exemplar = |time: &str, key: &str, value: Json| {
        json!([{
            "timeUnixNano": time,
            key: value,
            "spanId": "00000000000000b2",
            "traceId": "000000000000000000000000000000a1",
        }])
    };
    let shelf = |name: &str| json!([{"key": "shelf", "value": {"stringValue": name}}]);
    assert_eq!(
        metrics(&request.json()),
        json!([
            {"name": "load", "description": "What it is.", "unit": "s", "gauge": {"dataPoints": [
                {"attributes": shelf("s0"), "timeUnixNano": "2000", "asDouble": -1.5},
            ]}},
            {"name": "sales_total", "description": "What it is.", "unit": "s", "sum": {
                "dataPoints": [
                    {"attributes": shelf("s0"), "startTimeUnixNano": "1000", "timeUnixNano": "2000", "asInt": "0"},
                    {"attributes": shelf("s1"), "startTimeUnixNano": "1000", "timeUnixNano": "2000", "asInt": "9",
                        "exemplars": exemplar("1500", "asInt", json!("3"))},
                ],
                "aggregationTemporality": 2,
                "isMonotonic": true,
            }},
            {"name": "wait_seconds", "description": "What it is.", "unit": "s", "histogram": {
                "dataPoints": [{
                    "attributes": shelf("s0"),
                    "startTimeUnixNano": "1000",
                    "timeUnixNano": "2000",
                    "count": "3",
                    "sum": 7.25,
                    "bucketCounts": ["1", "0", "2"],
                    "explicitBounds": [0.5, 1.0],
                    "exemplars": exemplar("1600", "asDouble", json!(0.25)),
                }],
                "aggregationTemporality": 2,
            }},
            {"name": "busy_seconds_total", "description": "What it is.", "unit": "s", "sum": {
                "dataPoints": [
                    {"attributes": shelf("s0"), "startTimeUnixNano": "1000", "timeUnixNano": "2000", "asDouble": 2.5},
                ],
                "aggregationTemporality": 2,
                "isMonotonic": true,
            }},
            {"name": "work_seconds", "description": "What it is.", "unit": "s", "exponentialHistogram": {
                "dataPoints": [{
                    "attributes": shelf("s0"),
                    "startTimeUnixNano": "1000",
                    "timeUnixNano": "2000",
                    "count": "205",
                    "sum": 130.5,
                    "scale": 3,
                    "zeroCount": "1",
                    "positive": {"offset": -5, "bucketCounts": ["4", "0", "200"]},
                    "zeroThreshold": 0.125,
                }],
                "aggregationTemporality": 2,
            }},
        ])
    );
}

#[test]
fn deltas_count_from_the_last_request_that_was_taken() {
    let collector = Collector::start([Reply::status(200), Reply::status(400), Reply::status(200)]);
    let mut sink = attached(json_to(&collector).delta());
    let mut send = |time: u64, total: u64, counts: [u64; 3], sum: f64| {
        let mut now = snapshot(family("sales_total", MetricKind::Counter, vec![MetricValue::Counter(total)]));
        now.families.push(family("wait_seconds", MetricKind::Histogram, vec![histogram(counts, sum)]));
        let busy = vec![MetricValue::RealCounter(total as f64 / 2.0)];
        now.families.push(family("busy_seconds_total", MetricKind::Counter, busy));
        now.time_unix_nanos = time;
        by_reason(&lost(sink.export_metrics(&Arc::new(now))))
    };
    assert_eq!(send(2000, 5, [1, 1, 0], 1.0), [0, 0, 0]);
    // Refused: what it said is in the next one.
    assert_eq!(send(3000, 7, [2, 1, 0], 1.5), [3, 0, 0]);
    assert_eq!(send(4000, 10, [2, 1, 4], 9.5), [0, 0, 0]);
    // Lower than before: it has begun anew.
    assert_eq!(send(5000, 3, [0, 0, 1], 2.0), [0, 0, 0]);
    let sent: Vec<_> = collector
        .requests()
        .iter()
        .map(|request| {
            let metrics = metrics(&request.json());
            let (sum, histogram) = (&metrics[0]["sum"], &metrics[1]["histogram"]);
            assert_eq!(
                (&sum["aggregationTemporality"], &histogram["aggregationTemporality"]),
                (&json!(1), &json!(1))
            );
            let (counter, waits) = (&sum["dataPoints"][0], &histogram["dataPoints"][0]);
            let busy = &metrics[2]["sum"]["dataPoints"][0]["asDouble"];
            json!([counter["startTimeUnixNano"], counter["asInt"], waits["bucketCounts"], waits["sum"], busy])
        })
        .collect();
    assert_eq!(
        sent,
        [
            json!(["1000", "5", ["1", "1", "0"], 1.0, 2.5]),
            json!(["2000", "2", ["1", "0", "0"], 0.5, 1.0]),
            json!(["2000", "5", ["1", "0", "4"], 8.5, 2.5]),
            json!(["4000", "3", ["0", "0", "1"], 2.0, 1.5]),
        ]
    );
}

#[test]
fn metrics_too_large_for_one_request_go_in_parts() {
    let collector = Collector::start([Reply::status(200)]);
    let mut sink = attached(json_to(&collector).set("OTLP_MAX_REQUEST_BYTES", 4096));
    let mut all =
        snapshot(family("sales_total", MetricKind::Counter, (0..100).map(MetricValue::Counter).collect()));
    all.families.push(family("load", MetricKind::Gauge, vec![MetricValue::Gauge(1.0)]));
    sink.export_metrics(&Arc::new(all)).unwrap();
    let requests = collector.requests();
    assert!(requests.len() > 2 && requests.iter().all(|request| request.body.len() <= 4096));
    let points = |request: &support::http::Request| -> usize {
        let metrics = metrics(&request.json());
        let data = |metric: &Json| {
            metric["sum"]["dataPoints"].as_array().or(metric["gauge"]["dataPoints"].as_array()).unwrap().len()
        };
        metrics.as_array().unwrap().iter().map(data).sum()
    };
    assert_eq!(requests.iter().map(points).sum::<usize>(), 101);
}

#[test]
fn metrics_wait_for_their_interval_and_a_flush_sends_the_latest() {
    let collector = Collector::start([Reply::status(200)]);
    let interval = Duration::from_secs(3600);
    let mut sink = attached(json_to(&collector).set("OTLP_METRICS_INTERVAL", interval));
    for total in 1..=4 {
        let now = snapshot(family("sales_total", MetricKind::Counter, vec![MetricValue::Counter(total)]));
        sink.export_metrics(&Arc::new(now)).unwrap();
    }
    sink.flush().unwrap();
    sink.flush().unwrap();
    let totals: Vec<_> = collector
        .requests()
        .iter()
        .map(|request| metrics(&request.json())[0]["sum"]["dataPoints"][0]["asInt"].clone())
        .collect();
    assert_eq!(totals, ["1", "4"]);
}
