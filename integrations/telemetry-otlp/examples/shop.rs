//! Sends three spans and three metrics, the same in every run, where the environment says.
//!
//! `counterparts/check.py` describes the same ones to OpenTelemetry's reference implementation, and compares.

use std::error::Error;
use std::sync::Arc;

use telemetry_core::metric::snapshot::{
    Exemplar, ExponentialHistogram, MetricFamily, MetricKind, MetricSeries, MetricValue, MetricsSnapshot,
};
use telemetry_core::record::{Attribute, EventRecord, LinkRecord, Origin, SpanRecord, Value};
use telemetry_core::resource::Resource;
use telemetry_core::settings::Resolver;
use telemetry_core::sink::{Sink, SinkContext};
use telemetry_core::testing::Scope;
use telemetry_core::{SpanId, SpanKind, Status, TraceId, span};
use telemetry_otlp::{OtlpSink, SETTINGS};

const START: u64 = 1_767_312_000_000_000_001;
const TRACE: u128 = 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10;

fn main() -> Result<(), Box<dyn Error>> {
    let mut sink = OtlpSink::from_settings(&Resolver::process().rows(SETTINGS).resolve()?)?;
    let mut resource = Resource::empty();
    resource.set("service.name", Value::Str("shop".into()));
    resource.set("process.pid", Value::I64(7));
    sink.attach(&SinkContext { resource: Arc::new(resource), ..SinkContext::default() });
    let mut spans = spans();
    // A collector whose JSON has no numbers that are not finite is spared those.
    if std::env::var_os("SHOP_FINITE").is_some() {
        spans[1].attributes.retain(|attribute| attribute.value != Value::F64(f64::INFINITY));
    }
    sink.export_spans(&spans)?;
    sink.export_metrics(&Arc::new(metrics()))?;
    sink.close()?;
    Ok(())
}

fn id(number: u64) -> SpanId {
    SpanId::new(number).expect("not zero")
}

fn trace(number: u128) -> TraceId {
    TraceId::new(number).expect("not zero")
}

fn attribute(key: &'static str, value: Value) -> Attribute {
    Attribute { key: key.into(), value }
}

/// A span with nothing but its place, named and numbered.
fn plain(name: &'static str, number: u64, parent: Option<u64>) -> SpanRecord {
    #[span]
    fn any() {}

    let scope = Scope::new();
    any();
    let mut span = scope.take_spans().remove(0);
    span.name = name.into();
    (span.trace_id, span.span_id, span.parent_span_id) = (trace(TRACE), id(number), parent.map(id));
    (span.trace_flags, span.trace_state, span.local_root) = (3, None, false);
    (span.start_unix_nanos, span.duration_nanos) = (START + number, 1_000 * number);
    span.origin = opened_in("shop");
    span
}

fn opened_in(crate_name: &'static str) -> &'static Origin {
    let origin = Origin { crate_name, crate_version: "1.2.3", module: crate_name, file: "main.rs" };
    Box::leak(Box::new(origin))
}

fn spans() -> [SpanRecord; 3] {
    let mut server = plain("GET /books/{id} \"é\"", 1, Some(0xaabb_ccdd_eeff_0011));
    server.local_root = true;
    server.kind = SpanKind::Server;
    server.status = Status::Error;
    server.attributes = vec![
        attribute("error.message", Value::Str("it broke".into())),
        attribute("flag", Value::Bool(false)),
        attribute("low", Value::I64(i64::MIN)),
        attribute("high", Value::U64(9_223_372_036_854_775_807)),
        attribute("half", Value::F64(0.5)),
        attribute("up", Value::F64(f64::INFINITY)),
        attribute("bytes", Value::Bytes(vec![0, 255, 16])),
        attribute("empty", Value::Str("".into())),
    ];
    let attempt = attribute("attempt", Value::U64(2));
    server.events =
        vec![EventRecord { name: "retry".into(), time_unix_nanos: START + 5, attributes: vec![attempt] }];
    server.trace_state = Some("rojo=00f067aa0ba902b7,congo=t61".into());
    server.links = vec![LinkRecord {
        trace_id: trace(9),
        span_id: id(8),
        trace_flags: 1,
        trace_state: Some("azul=2".into()),
        remote: true,
    }];
    let mut query = plain("db.query", 2, Some(1));
    query.kind = SpanKind::Client;
    query.status = Status::Ok;
    let mut root = plain("restock", 3, None);
    root.local_root = true;
    root.trace_id = trace(0xff);
    root.origin = opened_in("restock");
    [query, server, root]
}

fn family(
    name: &'static str,
    unit: Option<&'static str>,
    kind: MetricKind,
    value: MetricValue,
) -> MetricFamily {
    MetricFamily {
        name: name.into(),
        help: "What it is.".into(),
        unit: unit.map(Into::into),
        kind,
        crate_name: "shop".into(),
        crate_version: "1.2.3".into(),
        series: vec![MetricSeries::new(vec![("shelf".into(), "north".into())], value)],
    }
}

fn metrics() -> MetricsSnapshot {
    let mut snapshot = MetricsSnapshot::default();
    (snapshot.start_unix_nanos, snapshot.time_unix_nanos) = (START, START + 60_000_000_000);
    snapshot.families.push(family("shop_load", None, MetricKind::Gauge, MetricValue::Gauge(-1.5)));
    let mut sales = family("shop_sales_total", None, MetricKind::Counter, MetricValue::Counter(9));
    sales.series[0].exemplars = vec![Exemplar::new(trace(TRACE), id(1), 3.0, START + 7)];
    snapshot.families.push(sales);
    let value = MetricValue::Histogram { bounds: Arc::from([0.5, 1.0]), counts: vec![1, 0, 2], sum: 7.25 };
    let mut waits = family("shop_wait_seconds", Some("seconds"), MetricKind::Histogram, value);
    waits.series[0].exemplars = vec![Exemplar::new(trace(TRACE), id(2), 0.25, START + 8)];
    snapshot.families.push(waits);
    let busy = MetricValue::RealCounter(0.75);
    snapshot.families.push(family("shop_busy_seconds_total", Some("seconds"), MetricKind::Counter, busy));
    let work = ExponentialHistogram {
        scale: 3,
        offset: -5,
        counts: vec![4, 0, 300],
        zero_count: 1,
        zero_threshold: 0.0,
        sum: 130.5,
    };
    let work = MetricValue::Exponential(work);
    snapshot.families.push(family("shop_work_seconds", Some("seconds"), MetricKind::Histogram, work));
    snapshot
}
