//! A whole pipeline over a collector that fails: configured by the environment, accounted for to the span.

mod support;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use support::AMPLE;
use support::http::{Collector, Reply};
use telemetry_core::settings::{Environment, Resolver};
use telemetry_core::{AlwaysSample, Bootstrap, Telemetry, configure, span};
use telemetry_otlp::OtlpSink;

#[span]
fn serve() {
    query();
}

#[span]
fn query() {}

fn start(collector: &Collector, more: &[(&str, &str)]) -> Bootstrap {
    let endpoint = collector.endpoint();
    let mut environment = Environment::from([
        ("TELEMETRY_ENABLED", "1"),
        ("TELEMETRY_SINKS", "otlp"),
        ("TELEMETRY_SAMPLE_RATIO", "1"),
        ("TELEMETRY_DRAIN_INTERVAL", "300"),
        ("OTEL_SERVICE_NAME", "books"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
    ]);
    for (name, value) in more {
        environment.set(*name, *value);
    }
    configure(Resolver::new().environment(environment), None).unwrap().unwrap()
}

/// The identifiers of all spans the collector was sent, as often as they came.
fn received(collector: &Collector) -> Vec<String> {
    let requests = collector.requests();
    let traces = requests.iter().filter(|request| request.path == "/v1/traces");
    let mut ids = Vec::new();
    for request in traces {
        let json = request.json();
        assert_eq!(json["resourceSpans"][0]["resource"]["attributes"][0]["value"]["stringValue"], "books");
        for scope in json["resourceSpans"][0]["scopeSpans"].as_array().unwrap() {
            ids.extend(
                scope["spans"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|span| span["spanId"].as_str().unwrap().to_owned()),
            );
        }
    }
    ids
}

/// What became of the spans at the sink: taken, delivered, and those dropped by reason.
fn figures(bootstrap: &Bootstrap) -> (u64, u64, Vec<(&'static str, u64)>) {
    let [figures] = &bootstrap.telemetry.sinks()[..] else { panic!("one sink") };
    assert_eq!(figures.taken, figures.delivered + figures.dropped_total() + figures.queued, "{figures:?}");
    let dropped = figures.dropped_by_reason().filter(|(_, spans)| *spans > 0).collect();
    (figures.taken, figures.delivered, dropped)
}

#[test]
fn every_span_is_delivered_or_counted_whatever_the_collector_does() {
    telemetry_otlp::register().unwrap();
    whole_and_once();
    lost_in_part();
    dead_and_back();
    found_soon_however_long_it_was_gone();
    shut_down_while_dead();
}

fn whole_and_once() {
    let collector = Collector::start([Reply::status(200)]);
    let bootstrap = start(&collector, &[]);
    (0..3_000).for_each(|_| serve());
    bootstrap.telemetry.shutdown(AMPLE).unwrap();
    assert_eq!(figures(&bootstrap), (6_000, 6_000, vec![]));
    let ids = received(&collector);
    assert_eq!((ids.len(), ids.into_iter().collect::<HashSet<_>>().len()), (6_000, 6_000));
    let metrics = collector.requests().into_iter().rfind(|request| request.path == "/v1/metrics").unwrap();
    let text = String::from_utf8(metrics.body).unwrap();
    for name in
        ["telemetry_spans_started_total", "otlp_exporter_requests_total", "telemetry_drain_duration_seconds"]
    {
        assert!(text.contains(name), "{name} is missing");
    }
}

fn lost_in_part() {
    let partial = Reply::body(200, "application/json", r#"{"partialSuccess":{"rejectedSpans":"7"}}"#);
    let collector = Collector::start([partial, Reply::status(400), Reply::status(503), Reply::status(200)]);
    let bootstrap = start(
        &collector,
        &[
            ("TELEMETRY_OTLP_MAX_BATCH_SPANS", "100"),
            ("TELEMETRY_OTLP_METRICS_ENDPOINT", "http://127.0.0.1:9"),
        ],
    );
    (0..200).for_each(|_| serve());
    let error = bootstrap.telemetry.shutdown(AMPLE).unwrap_err().to_string();
    assert!(error.contains("otlp failed"), "{error}");
    assert_eq!(figures(&bootstrap), (400, 293, vec![("refused", 107)]));
}

fn dead_and_back() {
    let collector = Collector::start([Reply::Cut]);
    let bootstrap = start(&collector, &[("TELEMETRY_OTLP_RETRY_TIME", "600")]);
    let mut started = 0;
    let began = Instant::now();
    // Without anybody waiting for the collector, until its queue of 256 batches is full many times over.
    while figures(&bootstrap).2.is_empty() {
        (0..100).for_each(|_| serve());
        started += 200;
        // Waits for the worker alone: the sink is busy.
        let _ = bootstrap.telemetry.drain_now(Duration::from_millis(1));
        assert!(began.elapsed() < AMPLE, "the queue is bounded");
    }
    collector.follow([Reply::status(200)]);
    bootstrap.telemetry.flush(AMPLE).unwrap();
    bootstrap.telemetry.shutdown(AMPLE).unwrap();
    let (taken, delivered, dropped) = figures(&bootstrap);
    assert_eq!(taken, started);
    assert_eq!(dropped, [("queue_full", taken - delivered)]);
    // Those the collector cut off came twice, and once into its books.
    let ids: HashSet<_> = received(&collector).into_iter().collect();
    assert_eq!(ids.len() as u64, delivered);
}

/// Pauses that went on doubling would come to hours here: they stay as long as the longest, so that a collector that is back
/// is found by the next one.
fn found_soon_however_long_it_was_gone() {
    let collector = Collector::start([Reply::Cut]);
    let (first, longest) = (Duration::from_millis(1), Duration::from_millis(20));
    let sink = OtlpSink::builder()
        .endpoint(&collector.endpoint())
        .retry_waits(first, longest)
        .retry_time(AMPLE * 10);
    let telemetry = Telemetry::builder().sampler(AlwaysSample).sink(sink.build().unwrap()).start().unwrap();
    serve();
    let _ = telemetry.drain_now(Duration::ZERO);
    (0..40).for_each(|_| collector.await_request());
    collector.follow([Reply::status(200)]);
    let back = Instant::now();
    telemetry.flush(AMPLE).unwrap();
    assert!(back.elapsed() < AMPLE / 2, "{:?}", back.elapsed());
    telemetry.shutdown(AMPLE).unwrap();
    let sink = telemetry.sinks().swap_remove(0);
    assert_eq!((sink.taken, sink.delivered), (2, 2));
}

fn shut_down_while_dead() {
    let collector = Collector::start([Reply::Cut]);
    let bootstrap = start(&collector, &[]);
    (0..500).for_each(|_| serve());
    let began = Instant::now();
    bootstrap.telemetry.shutdown(AMPLE).unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(30), "nothing is waited for: {:?}", began.elapsed());
    assert_eq!(figures(&bootstrap), (1_000, 0, vec![("given_up", 1_000)]));
}
