//! What a collector receives of spans, in JSON.

mod support;

use serde_json::{Value as Json, json};
use support::http::{Collector, Reply};
use support::{attached, json_to, spans};
use telemetry_core::propagate::extract;
use telemetry_core::record::{
    Attribute, EventRecord, LinkRecord, Origin, Outcome, SpanKind, SpanRecord, Status, Value,
};
use telemetry_core::sink::Sink;
use telemetry_core::testing::Scope;
use telemetry_core::{CallSite, Site, SpanBuilder, SpanId, TraceId};

static REQUEST: CallSite = CallSite::new(Site {
    name: "request",
    kind: SpanKind::Server,
    keys: &[],
    constants: &[],
    origin: &Origin { crate_name: "app", crate_version: "1.0.0", module: "app", file: "app.rs" },
    line: 1,
});

fn attribute(key: &'static str, value: Value) -> Attribute {
    Attribute { key: key.into(), value }
}

/// A span that has everything.
fn full_span() -> SpanRecord {
    let mut span = spans(1).remove(0);
    span.trace_id = TraceId::new(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10).unwrap();
    span.span_id = SpanId::new(0xaabb_ccdd_eeff_0011).unwrap();
    span.parent_span_id = SpanId::new(0x22);
    span.local_root = true;
    span.trace_flags = 3;
    span.trace_state = Some("rojo=00f067aa0ba902b7,congo=t61".into());
    span.name = "GET /books/{id} \"é\"".into();
    span.kind = SpanKind::Server;
    span.start_unix_nanos = 1_767_312_000_000_000_001;
    span.duration_nanos = 9;
    span.status = Status::Error;
    span.outcome = Outcome::Panicked;
    span.attributes = vec![
        attribute("error.message", Value::Str("it broke".into())),
        attribute("bool", Value::Bool(false)),
        attribute("low", Value::I64(i64::MIN)),
        attribute("fits", Value::U64(9_223_372_036_854_775_807)),
        attribute("high", Value::U64(u64::MAX)),
        attribute("half", Value::F64(0.5)),
        attribute("nan", Value::F64(f64::NAN)),
        attribute("up", Value::F64(f64::INFINITY)),
        attribute("down", Value::F64(f64::NEG_INFINITY)),
        attribute("bytes", Value::Bytes(vec![0, 255, 16])),
        attribute("empty", Value::Str("".into())),
    ];
    span.events = vec![EventRecord {
        name: "retry".into(),
        time_unix_nanos: 1_767_312_000_000_000_005,
        attributes: vec![attribute("attempt", Value::U64(2))],
    }];
    span.links = vec![LinkRecord {
        trace_id: TraceId::new(9).unwrap(),
        span_id: SpanId::new(8).unwrap(),
        trace_flags: 1,
        trace_state: Some("azul=2".into()),
        remote: true,
    }];
    (span.dropped_attributes_count, span.dropped_events_count, span.dropped_links_count) = (1, 2, 3);
    span
}

#[test]
fn a_span_is_written_as_the_specification_says() {
    let collector = Collector::start([Reply::status(200)]);
    let mut sink = attached(json_to(&collector).header("x-token", "a b,c").header("x-other", "1"));
    sink.export_spans(&[full_span()]).unwrap();
    let request = collector.requests().remove(0);
    assert_eq!(request.path, "/v1/traces");
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("x-token"), Some("a b,c"));
    assert_eq!(request.header("x-other"), Some("1"));
    assert_eq!(request.header("content-encoding"), None);
    assert!(request.header("user-agent").unwrap().starts_with("OTel-OTLP-Exporter-Rust/"));
    assert_eq!(
        request.json(),
        json!({"resourceSpans": [{
            "resource": {"attributes": [
                {"key": "service.name", "value": {"stringValue": "books"}},
                {"key": "process.pid", "value": {"intValue": "7"}},
            ]},
            "scopeSpans": [{
                "scope": {"name": "telemetry-otlp", "version": env!("CARGO_PKG_VERSION")},
                "spans": [{
                    "traceId": "0102030405060708090a0b0c0d0e0f10",
                    "spanId": "aabbccddeeff0011",
                    "traceState": "rojo=00f067aa0ba902b7,congo=t61",
                    "parentSpanId": "0000000000000022",
                    "flags": 0x303,
                    "name": "GET /books/{id} \"é\"",
                    "kind": 2,
                    "startTimeUnixNano": "1767312000000000001",
                    "endTimeUnixNano": "1767312000000000010",
                    "attributes": [
                        {"key": "error.message", "value": {"stringValue": "it broke"}},
                        {"key": "bool", "value": {"boolValue": false}},
                        {"key": "low", "value": {"intValue": "-9223372036854775808"}},
                        {"key": "fits", "value": {"intValue": "9223372036854775807"}},
                        {"key": "high", "value": {"stringValue": "18446744073709551615"}},
                        {"key": "half", "value": {"doubleValue": 0.5}},
                        {"key": "nan", "value": {"doubleValue": "NaN"}},
                        {"key": "up", "value": {"doubleValue": "Infinity"}},
                        {"key": "down", "value": {"doubleValue": "-Infinity"}},
                        {"key": "bytes", "value": {"bytesValue": "AP8Q"}},
                        {"key": "empty", "value": {"stringValue": ""}},
                        {"key": "telemetry.outcome", "value": {"stringValue": "panicked"}},
                    ],
                    "droppedAttributesCount": 1,
                    "events": [{
                        "timeUnixNano": "1767312000000000005",
                        "name": "retry",
                        "attributes": [{"key": "attempt", "value": {"intValue": "2"}}],
                    }],
                    "droppedEventsCount": 2,
                    "links": [{
                        "traceId": "00000000000000000000000000000009",
                        "spanId": "0000000000000008",
                        "traceState": "azul=2",
                        "flags": 0x301,
                    }],
                    "droppedLinksCount": 3,
                    "status": {"message": "it broke", "code": 2},
                }],
            }],
        }]})
    );
}

#[test]
fn spans_stand_under_the_crate_that_opened_them() {
    let collector = Collector::start([Reply::status(200)]);
    let mut batch = spans(4);
    batch[1].origin = Box::leak(Box::new(Origin { crate_name: "other", ..*batch[1].origin }));
    batch[3].origin = Box::leak(Box::new(Origin { crate_version: "9.9.9", ..*batch[3].origin }));
    attached(json_to(&collector)).export_spans(&batch).unwrap();
    let json = collector.requests()[0].json();
    let scopes: Vec<_> = json["resourceSpans"][0]["scopeSpans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|scope| (scope["scope"]["name"].clone(), scope["spans"].as_array().unwrap().len()))
        .collect();
    let expected = [("telemetry-otlp", 2), ("other", 1), ("telemetry-otlp", 1)];
    assert_eq!(scopes, expected.map(|(name, count)| (json!(name), count)));
}

#[test]
fn requests_are_compressed_when_asked_for() {
    let collector = Collector::start([Reply::status(200)]);
    attached(json_to(&collector).gzip()).export_spans(&spans(100)).unwrap();
    let request = collector.requests().remove(0);
    assert_eq!(request.header("content-encoding"), Some("gzip"));
    let length: usize = request.header("content-length").unwrap().parse().unwrap();
    assert!(length < request.body.len() / 4, "{length} of {}", request.body.len());
    assert_eq!(request.json()["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().len(), 100);
}

#[test]
fn the_state_of_a_trace_goes_from_the_headers_of_a_request_to_the_collector() {
    let scope = Scope::new();
    let inbound = |trace: &str, state: &str| {
        let parent = format!("00-{trace}-b7ad6b7169203331-03");
        let headers = [("traceparent", parent), ("tracestate", state.to_owned())];
        extract(&headers).unwrap().hold()
    };
    {
        let caller = inbound("0af7651916cd43dd8448eb211c80319c", "rojo=1,congo=t61");
        let sender = inbound("00000000000000000000000000000abc", "azul=2");
        let request = SpanBuilder::new(&REQUEST).remote(&caller).enter();
        request.handle().link(sender.span().unwrap());
        let outer = request.handle().context().unwrap();
        let inside = SpanBuilder::new(&REQUEST).enter();
        inside.handle().link(outer);
    }
    let collector = Collector::start([Reply::status(200)]);
    attached(json_to(&collector)).export_spans(&scope.take_spans()).unwrap();
    let json = collector.requests()[0].json();
    let spans = &json["resourceSpans"][0]["scopeSpans"][0]["spans"];
    let [request, inside] = &spans.as_array().unwrap()[..] else { panic!("{spans}") };
    // Both are of the trace that came in; the parent of one is in another process.
    for (span, flags) in [(request, 0x303), (inside, 0x103)] {
        assert_eq!((&span["traceState"], &span["flags"]), (&json!("rojo=1,congo=t61"), &json!(flags)));
    }
    let link = |span: &Json| (span["links"][0]["traceState"].clone(), span["links"][0]["flags"].clone());
    assert_eq!(link(request), (json!("azul=2"), json!(0x303)));
    assert_eq!(link(inside), (json!("rojo=1,congo=t61"), json!(0x103)));
}
