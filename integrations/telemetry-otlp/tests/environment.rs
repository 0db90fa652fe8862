//! Programs that have one line for this crate and are told the rest by their environment.

mod support;

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use support::AMPLE;
use support::{grpc, http};
use telemetry_core::{configure_from_settings, span};
use telemetry_tracing::SpanLayer;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

const ROLE: &str = "OTLP_TEST_ROLE";

#[span]
fn sell_a_book() {}

/// Runs a test of this file again, as a program of its own, in this role and environment; it has to succeed.
fn program(test: &str, role: &str, endpoint: &str, protocol: &str) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env_clear()
        .env(ROLE, role)
        // Nobody is there, and nobody is to be asked: the collector is on this machine.
        .env("ALL_PROXY", "http://127.0.0.1:9")
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .env("TELEMETRY_ENABLED", "1")
        .env("TELEMETRY_SAMPLE_RATIO", "1")
        .env("TELEMETRY_SINKS", "otlp")
        .env("TELEMETRY_DRAIN_INTERVAL", "300")
        .env("OTEL_SERVICE_NAME", "bookshop")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn the_environment_alone_sends_a_programs_spans_and_metrics_by_each_protocol() {
    let test = "the_environment_alone_sends_a_programs_spans_and_metrics_by_each_protocol";
    if role().is_some() {
        telemetry_otlp::register().unwrap();
        let telemetry = configure_from_settings().unwrap().unwrap();
        sell_a_book();
        // Dropped, it delivers what is left.
        drop(telemetry);
        return;
    }
    let told = ["sell_a_book", "bookshop", "telemetry_spans_started_total"];
    for (protocol, content_type) in
        [("http/json", "application/json"), ("http/protobuf", "application/x-protobuf")]
    {
        let collector = http::Collector::start([http::Reply::status(200)]);
        program(test, "seller", &collector.endpoint(), protocol);
        let requests = collector.requests();
        let all: Vec<u8> = requests.iter().flat_map(|request| request.body.clone()).collect();
        assert!(told.iter().all(|word| contains(&all, word)), "{protocol}");
        assert!(requests.iter().all(|request| request.header("content-type") == Some(content_type)));
        for path in ["/v1/traces", "/v1/metrics"] {
            assert!(requests.iter().any(|request| request.path == path), "{protocol}: {path}");
        }
    }
    let collector = grpc::Collector::start([grpc::Reply::Message(Vec::new())]);
    program(test, "seller", &collector.endpoint(), "grpc");
    let calls = collector.calls();
    let all: Vec<u8> = calls.iter().flat_map(|call| call.message.clone()).collect();
    assert!(told.iter().all(|word| contains(&all, word)), "{calls:?}");
    for service in ["TraceService", "MetricsService"] {
        assert!(calls.iter().any(|call| call.path.contains(service)), "{service}");
    }
}

/// Counts the spans of the `tracing` crate that open on sinks' threads.
struct OnSinks(Arc<AtomicU64>);

impl<S: tracing::Subscriber> Layer<S> for OnSinks {
    fn on_new_span(&self, _: &tracing::span::Attributes<'_>, _: &tracing::span::Id, _: Context<'_, S>) {
        if std::thread::current().name().is_some_and(|name| name.starts_with("telemetry-sink-")) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Three spans, and as many exports as there are flushes; what is recorded beside them came of the exporter.
fn trace_what_libraries_do(role: &str) {
    telemetry_otlp::register().unwrap();
    let on_sinks = Arc::new(AtomicU64::new(0));
    let subscriber =
        tracing_subscriber::registry().with(SpanLayer::new()).with(OnSinks(Arc::clone(&on_sinks)));
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let bootstrap = configure_from_settings().unwrap().unwrap();
    for _ in 0..3 {
        tracing::info_span!("of a library").in_scope(|| ());
        bootstrap.telemetry.flush(AMPLE).unwrap();
    }
    let accounting = bootstrap.telemetry.accounting();
    assert_eq!((accounting.started, accounting.taken, accounting.dropped()), (3, 3, 0));
    // Over gRPC there was something to suppress: HTTP/2 is full of spans.
    assert!(role != "grpc" || on_sinks.load(Ordering::Relaxed) > 10, "{on_sinks:?}");
}

#[test]
fn an_exporter_never_traces_itself_although_spans_of_libraries_are_recorded() {
    let test = "an_exporter_never_traces_itself_although_spans_of_libraries_are_recorded";
    if let Some(role) = role() {
        return trace_what_libraries_do(&role);
    }
    let collector = grpc::Collector::start([grpc::Reply::Message(Vec::new())]);
    program(test, "grpc", &collector.endpoint(), "grpc");
    assert!(collector.calls().iter().any(|call| contains(&call.message, "of a library")));
    let collector = http::Collector::start([http::Reply::status(200)]);
    program(test, "http", &collector.endpoint(), "http/json");
    assert!(collector.requests().iter().any(|request| contains(&request.body, "of a library")));
}
