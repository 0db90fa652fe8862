//! A collector that answers as it is told, and what the tests share.
#![allow(dead_code, reason = "each test takes what it needs")]

pub(crate) mod grpc;
pub(crate) mod http;
pub(crate) mod protobuf;

use std::sync::Arc;
use std::time::Duration;

use telemetry_core::metric::snapshot::{
    MetricFamily, MetricKind, MetricSeries, MetricValue, MetricsSnapshot,
};
use telemetry_core::record::{SpanRecord, Value};
use telemetry_core::resource::Resource;
use telemetry_core::sink::{LossReason, Losses, Sink, SinkContext, SinkError};
use telemetry_core::testing::Scope;
use telemetry_core::{Span, span};
use telemetry_otlp::{OtlpBuilder, OtlpSink, Protocol};

/// Long enough never to be reached by a test that passes.
pub(crate) const AMPLE: Duration = Duration::from_secs(60);

#[span(attrs(number = number))]
fn work(number: u64) {
    Span::current().event("worked");
}

/// So many finished spans.
pub(crate) fn spans(count: u64) -> Vec<SpanRecord> {
    let scope = Scope::new();
    (0..count).for_each(work);
    scope.take_spans()
}

/// A sink that waits a few milliseconds before it tries again.
pub(crate) fn hasty(endpoint: &str) -> OtlpBuilder {
    OtlpSink::builder().endpoint(endpoint).retry_waits(Duration::from_millis(1), Duration::from_millis(5))
}

/// As [`hasty`], in JSON.
pub(crate) fn json_to(collector: &http::Collector) -> OtlpBuilder {
    hasty(&collector.endpoint()).protocol(Protocol::HttpJson)
}

/// A sink of the service `books`.
pub(crate) fn attached(builder: OtlpBuilder) -> OtlpSink {
    let mut resource = Resource::empty();
    resource.set("service.name", Value::Str("books".into()));
    resource.set("process.pid", Value::I64(7));
    let mut sink = builder.build().unwrap();
    sink.attach(&SinkContext { resource: Arc::new(resource), ..SinkContext::default() });
    sink
}

/// What the sink lost of these spans.
pub(crate) fn export(sink: &mut OtlpSink, spans: &[SpanRecord]) -> Losses {
    lost(sink.export_spans(spans))
}

/// What a call lost.
pub(crate) fn lost(result: Result<(), SinkError>) -> Losses {
    match result {
        Ok(()) => Losses::default(),
        Err(SinkError::Lost(losses)) => losses,
        Err(error) => panic!("{error}"),
    }
}

/// Losses for the reasons there are: refused, given up, too large.
pub(crate) fn by_reason(losses: &Losses) -> [u64; 3] {
    [LossReason::Refused, LossReason::GivenUp, LossReason::TooLarge].map(|reason| losses.of(reason))
}

/// A gauge without labels.
pub(crate) fn family(name: &'static str) -> MetricFamily {
    MetricFamily {
        name: name.into(),
        help: "What it is.".into(),
        unit: None,
        kind: MetricKind::Gauge,
        crate_name: "shop".into(),
        crate_version: "1".into(),
        series: vec![MetricSeries::new(vec![], MetricValue::Gauge(1.0))],
    }
}

/// A snapshot with one family.
pub(crate) fn snapshot(family: MetricFamily) -> MetricsSnapshot {
    let mut snapshot = MetricsSnapshot::default();
    snapshot.start_unix_nanos = 1_000;
    snapshot.time_unix_nanos = 2_000;
    snapshot.families.push(family);
    snapshot
}
