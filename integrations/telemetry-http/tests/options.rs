//! What a layer can be told to do otherwise, each option through a service of its own.
#![allow(missing_docs)]

use std::borrow::Cow;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use telemetry_core::record::{SpanRecord, Value};
use telemetry_core::testing::Scope;
use telemetry_core::testing::assertions::Assertions;
use telemetry_core::{AlwaysSample, Decision, LogRequest, NeverSample, Outcome, ParentBased, Span, step};
use telemetry_http::{
    ClientLayer, Conventions, Hooks, Inbound, MetricOptions, RequestHead, RequestId, RequestSpan, Resend,
    ResponseHead, TelemetryLayer,
};
use tower_layer::Layer;
use tower_service::Service;

mod support;
use support::Answer;

const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn hello(_: Request<Full<Bytes>>) -> Ready<Result<Response<Full<Bytes>>, Infallible>> {
    ready(Ok(Response::new(Full::from("hello"))))
}

fn get(path: &str) -> Request<Full<Bytes>> {
    Request::get(path).header("traceparent", CALLER).body(Full::default()).unwrap()
}

/// Sends a request through a layer around a service, and reads the answer to its end.
async fn through<F, O, E>(layer: &TelemetryLayer, work: F, request: Request<Full<Bytes>>) -> Response<Bytes>
where
    F: FnMut(Request<Full<Bytes>>) -> O,
    O: Future<Output = Result<Response<Full<Bytes>>, E>>,
    E: std::fmt::Debug,
{
    let response = layer.layer(Answer(work)).call(request).await.unwrap();
    let (head, body) = response.into_parts();
    Response::from_parts(head, body.collect().await.unwrap().to_bytes())
}

fn only(scope: &Scope) -> SpanRecord {
    let mut spans = scope.spans();
    assert_eq!(spans.len(), 1, "{}", scope.tree());
    spans.remove(0)
}

#[tokio::test]
async fn a_caller_can_be_linked_to() {
    let scope = Scope::new();
    through(&TelemetryLayer::new().inbound(Inbound::Link), hello, get("/")).await;
    let span = only(&scope);
    assert_eq!(span.parent_span_id, None);
    assert_ne!(span.trace_id.to_string(), CALLER[3..35]);
    let link = &span.links[0];
    assert_eq!(
        (link.trace_id.to_string(), link.span_id.to_string()),
        (CALLER[3..35].into(), CALLER[36..52].into())
    );
}

#[tokio::test]
async fn callers_have_no_more_recorded_than_they_may() {
    let scope = Scope::builder().sampler(ParentBased(AlwaysSample)).enter().unwrap();
    let layer = TelemetryLayer::new().sampled_by_callers(3);
    let mut continued = 0;
    for _ in 0..100 {
        let response = through(&layer, hello, get("/")).await;
        let traceparent = response.headers()["traceparent"].to_str().unwrap();
        continued += u32::from(traceparent.starts_with(&CALLER[..35]));
    }
    assert_eq!(continued, 100, "the trace goes on, recorded or not");
    // The clock may have gone on to the next second or two meanwhile.
    assert!((3..=9).contains(&scope.spans().len()), "{}", scope.spans().len());
}

#[tokio::test]
async fn an_excluded_request_has_no_span_and_passes_its_context_on() {
    let scope = Scope::new();
    let layer = TelemetryLayer::new().exclude("^/health$,/internal/").unwrap();
    let work = |_| {
        let mut headers = http::HeaderMap::new();
        telemetry_http::inject(&mut headers);
        let [traceparent, state] = ["traceparent", "tracestate"].map(|name| headers[name].clone());
        let response = Response::builder().header("seen", traceparent).header("state", state);
        ready(Ok::<_, Infallible>(response.body(Full::default()).unwrap()))
    };
    let get = |path: &str| {
        let mut request = get(path);
        request.headers_mut().insert("tracestate", "rojo=1".parse().unwrap());
        request
    };
    for path in ["/health", "/a/internal/b"] {
        let response = through(&layer, work, get(path)).await;
        assert_eq!(response.headers()["state"], "rojo=1", "{path}");
        assert_eq!(
            response.headers()["seen"],
            CALLER,
            "{path}: nobody stands between the caller and the called"
        );
        assert!(!response.headers().contains_key("traceparent"));
    }
    assert!(scope.spans().is_empty(), "{}", scope.tree());
    assert!(!scope.metrics().text().contains("http_requests_total{"));
    through(&layer.measure_excluded(true), work, get("/health")).await;
    scope.assert_metric_value("http_requests_total", &[("method", "GET"), ("status", "200")], 1);
    assert!(scope.spans().is_empty());
}

#[tokio::test]
async fn an_excluded_request_of_a_caller_that_is_not_trusted_passes_nothing_on() {
    let scope = Scope::builder().sampler(ParentBased(NeverSample)).enter().unwrap();
    let excluding = |inbound| TelemetryLayer::new().exclude("^/").unwrap().inbound(inbound);
    let work = |_| {
        drop(step!("inside"));
        hello(get("/"))
    };
    for inbound in [Inbound::Ignore, Inbound::Link] {
        through(&excluding(inbound), work, get("/")).await;
    }
    through(&excluding(Inbound::Continue).hooks(Notes::default()), work, get("/stranger")).await;
    assert!(scope.spans().is_empty(), "a stranger has something recorded: {}", scope.tree());
    through(&excluding(Inbound::Continue), work, get("/")).await;
    assert_eq!(only(&scope).parent_span_id.unwrap().to_string(), CALLER[36..52]);
}

#[tokio::test]
async fn a_request_excluded_inside_another_layer_stays_in_the_span_of_that() {
    let scope = Scope::new();
    let excluding = TelemetryLayer::new().exclude("^/").unwrap();
    let work = |_| {
        drop(step!("inside"));
        hello(get("/"))
    };
    let mut service = TelemetryLayer::new().layer(excluding.layer(Answer(work)));
    service.call(get("/")).await.unwrap().into_body().collect().await.unwrap();
    let [outer, inside] = &scope.spans()[..] else { panic!("{}", scope.tree()) };
    assert_eq!((&*inside.name, inside.parent_span_id), ("inside", Some(outer.span_id)));
}

/// Notes what it is told.
#[derive(Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }
}

impl Hooks for Notes {
    fn name(&self, request: &RequestHead<'_>) -> Option<Cow<'static, str>> {
        (request.uri.path() == "/named").then_some("by the hook".into())
    }

    fn inbound(&self, request: &RequestHead<'_>) -> Option<Inbound> {
        (request.uri.path() == "/stranger").then_some(Inbound::Ignore)
    }

    fn sample(&self, request: &RequestHead<'_>) -> Option<Decision> {
        (request.uri.path() != "/dropped").then_some(Decision::Record)
    }

    fn request(&self, request: &RequestHead<'_>, span: Span) {
        self.note(format!("request {}", request.method));
        span.str("tenant", request.headers.get("x-tenant").map_or("none", |tenant| tenant.to_str().unwrap()));
    }

    fn response(&self, response: &ResponseHead<'_>, span: Span) {
        self.note(format!("response {}", response.status));
        span.event("answered");
    }

    fn chunk(&self, bytes: usize, _: Span) {
        self.note(format!("chunk {bytes}"));
    }

    fn failure(&self, error_type: &'static str, _: Duration, span: Span) {
        self.note(format!("failure {error_type}"));
        span.bool("noticed", true);
    }
}

#[tokio::test]
async fn hooks_name_decide_and_add_to_a_span() {
    let scope = Scope::builder().sampler(NeverSample).enter().unwrap();
    let notes = Notes::default();
    let told = Arc::clone(&notes.0);
    let layer = TelemetryLayer::new().hooks(notes);
    let mut named = get("/named");
    named.headers_mut().insert("x-tenant", "north".parse().unwrap());
    through(&layer, hello, named).await;
    assert_eq!(*told.lock().unwrap(), ["request GET", "response 200 OK", "chunk 5"]);
    let span = only(&scope);
    assert_eq!((&*span.name, &*span.events[0].name), ("by the hook", "answered"));
    scope.assert_attribute_equals("by the hook", "tenant", "north");
    scope.clear();
    through(&layer, hello, get("/dropped")).await;
    assert!(scope.spans().is_empty());
    through(&layer, hello, get("/stranger")).await;
    assert_ne!(only(&scope).trace_id.to_string(), CALLER[3..35]);
    scope.clear();
    let mut failing = layer.layer(Answer(|_| ready(Err::<Response<Full<Bytes>>, _>(std::fmt::Error))));
    assert!(failing.call(get("/named")).await.is_err());
    let last = told.lock().unwrap().last().cloned().unwrap();
    assert_eq!(last, format!("failure {}", std::any::type_name::<std::fmt::Error>()));
    scope.assert_attribute_equals("by the hook", "noticed", true);
}

#[tokio::test]
async fn a_request_has_an_identifier_from_head_to_head() {
    let scope = Scope::new();
    let layer = TelemetryLayer::new().request_id(HeaderName::from_static("x-request-id"));
    let work = |request: Request<Full<Bytes>>| {
        let id = RequestId::current().unwrap();
        assert_eq!(request.headers()["x-request-id"], id.as_str());
        assert_eq!(LogRequest::current().as_deref(), Some(id.as_str()), "for log lines");
        hello(request)
    };
    for given in [Some("order-7"), None] {
        let mut request = get("/");
        if let Some(given) = given {
            request.headers_mut().insert("x-request-id", given.parse().unwrap());
        }
        let response = through(&layer, work, request).await;
        let echoed = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert!(given.is_none_or(|given| given == echoed));
        assert_eq!(only(&scope).attribute("http.request_id"), Some(&Value::Str(echoed.into())));
        assert_eq!((RequestId::current(), LogRequest::current()), (None, None));
        scope.clear();
    }
    LogRequest::replace(Some("job-1".into()));
    through(&layer, work, get("/")).await;
    assert_eq!(
        LogRequest::replace(None).as_deref(),
        Some("job-1"),
        "what was set by hand around it is so again"
    );
    drop(scope);
    let _scope = Scope::builder().disabled().enter().unwrap();
    let response = through(&layer, work, get("/")).await;
    assert!(response.headers().contains_key("x-request-id"), "also while nothing is recorded");
}

#[tokio::test]
async fn the_span_of_a_request_is_within_reach_while_its_children_are_open() {
    let scope = Scope::new();
    let work = |request: Request<Full<Bytes>>| {
        #[telemetry_core::span]
        fn child(extension: Option<RequestSpan>) {
            RequestSpan::current().unwrap().0.str("by", "its thread");
            if let Some(RequestSpan(span)) = extension {
                span.str("also", "its extension");
            }
        }
        child(request.extensions().get::<RequestSpan>().copied());
        hello(request)
    };
    through(&TelemetryLayer::new().extension(true), work, get("/")).await;
    scope.assert_attribute_equals("GET", "by", "its thread");
    scope.assert_attribute_equals("GET", "also", "its extension");
    scope.assert_ancestors("child", &["GET"]);
    assert!(RequestSpan::current().is_none());
}

#[tokio::test]
async fn a_handler_finds_the_extension_also_where_there_is_no_span() {
    let layer = TelemetryLayer::new().extension(true).exclude("^/health$").unwrap();
    for (scope, path) in [(Scope::new(), "/health"), (Scope::builder().disabled().enter().unwrap(), "/")] {
        let work = |request: Request<Full<Bytes>>| {
            assert!(!request.extensions().get::<RequestSpan>().unwrap().0.is_recording());
            hello(request)
        };
        through(&layer, work, get(path)).await;
        assert!(scope.spans().is_empty());
    }
}

#[tokio::test]
async fn requests_are_described_by_the_names_that_were_chosen() {
    let keys = |scope: &Scope| {
        let mut keys: Vec<String> = only(scope).attributes.iter().map(|it| it.key.to_string()).collect();
        keys.sort();
        keys
    };
    let old = ["http.method", "http.response_content_length", "http.status_code", "http.url"];
    let stable = [
        "http.request.method",
        "http.response.body.size",
        "http.response.status_code",
        "url.path",
        "url.query",
    ];
    for (conventions, mut expected) in [
        (Conventions::Old, old.to_vec()),
        (Conventions::Stable, stable.to_vec()),
        (Conventions::Both, [&old[..], &stable[..]].concat()),
    ] {
        let scope = Scope::new();
        through(&TelemetryLayer::new().conventions(conventions), hello, get("/a?q=1&sig=x")).await;
        expected.sort_unstable();
        assert_eq!(keys(&scope), expected);
        if conventions != Conventions::Old {
            scope.assert_attribute_equals("GET", "url.path", "/a");
            scope.assert_attribute_equals("GET", "url.query", "q=1&sig=REDACTED");
            scope.assert_attribute_equals("GET", "http.response.status_code", 200);
        }
    }
}

#[tokio::test]
async fn metrics_have_the_prefix_and_labels_that_were_chosen() {
    let scope = Scope::new();
    let options = MetricOptions::new().prefix("shop").unwrap().route(true).status_class(true);
    through(&TelemetryLayer::new().metrics(&options), hello, get("/")).await;
    scope.assert_metric_value("shop_requests_total", &[("method", "GET"), ("status", "200")], 1);
    let labels = [("method", "GET"), ("route", ""), ("status_class", "2xx")];
    scope.assert_metric_value("shop_request_duration_seconds_count", &labels, 1);
    scope.assert_metric_value("shop_requests_in_flight", &[], 0);
    let both = MetricOptions::new().conventions(Conventions::Both);
    through(&TelemetryLayer::new().metrics(&both), hello, get("/")).await;
    let labels = [("http_request_method", "GET"), ("http_route", ""), ("http_response_status_code", "200")];
    scope.assert_metric_value("http_server_request_duration_seconds_count", &labels, 1);
    let fails =
        |_| ready(Ok::<_, Infallible>(Response::builder().status(503).body(Full::default()).unwrap()));
    through(&TelemetryLayer::new().metrics(&both), fails, get("/")).await;
    let failed = [
        ("http_request_method", "GET"),
        ("http_route", ""),
        ("http_response_status_code", "503"),
        ("error_type", "503"),
    ];
    scope.assert_metric_value("http_server_request_duration_seconds_count", &failed, 1);
    assert_eq!(
        scope.metrics().text().matches("error_type").count(),
        scope.metrics().text().matches("_code=\"503\"").count()
    );
    scope.assert_metric_value("http_server_active_requests", &[("http_request_method", "GET")], 0);
    // The old names stand beside them, also where a layer without options uses the same.
    through(&TelemetryLayer::new(), hello, get("/")).await;
    scope.assert_metric_value("http_requests_total", &[("method", "GET"), ("status", "200")], 2);
    scope.assert_metric_value("http_request_duration_seconds_count", &[("method", "GET")], 3);
    scope.assert_metric_value("http_requests_in_flight", &[], 0);
    let refused = MetricOptions::new().prefix("7up").unwrap_err();
    assert!(refused.to_string().starts_with("`7up` cannot begin the name of a metric"));
}

#[tokio::test]
async fn a_layer_can_record_to_a_pipeline_that_is_not_its_thread_s() {
    let scope = Scope::new();
    let layer = TelemetryLayer::new().pipeline(telemetry_core::Context::current());
    let answered = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { through(&layer, hello, get("/")).await.status() })
    });
    assert_eq!(answered.await.unwrap(), StatusCode::OK);
    assert_eq!(only(&scope).name, "GET");
    scope.assert_metric_value("http_requests_total", &[("method", "GET"), ("status", "200")], 1);
}

#[tokio::test]
async fn every_attempt_of_a_client_is_a_span_with_its_number() {
    let scope = Scope::new();
    let mut client = ClientLayer::new().layer(Answer(|request: Request<Full<Bytes>>| {
        let named = telemetry_http::extract(request.headers()).unwrap().span.span_id;
        assert_eq!(Some(named), Span::current().context().map(|span| span.span_id));
        let status = if request.extensions().get::<Resend>() == Some(&Resend(2)) { 200 } else { 503 };
        ready(Ok::<_, Infallible>(Response::builder().status(status).body(Full::<Bytes>::default()).unwrap()))
    }));
    for attempt in 0..3 {
        let mut request = get("http://inventory.example/stock");
        request.extensions_mut().insert(Resend(attempt));
        client.call(request).await.unwrap();
    }
    let spans = scope.spans();
    let resends: Vec<_> = spans.iter().map(|span| span.attribute("http.resend_count").cloned()).collect();
    assert_eq!(resends, [None, Some(Value::U64(1)), Some(Value::U64(2))]);
    assert!(spans.iter().all(|span| span.outcome == Outcome::Completed));
    assert_eq!(spans.iter().filter(|span| span.status == telemetry_core::Status::Error).count(), 2);
}

#[test]
fn a_request_that_a_client_gives_up_is_cancelled() {
    let scope = Scope::new();
    let mut client = ClientLayer::new()
        .layer(Answer(|_| std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>()));
    let mut future = Box::pin(client.call(get("http://inventory.example/")));
    let waker = std::task::Waker::noop();
    assert!(future.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_pending());
    drop(future);
    assert_eq!(only(&scope).outcome, Outcome::Cancelled);
}
