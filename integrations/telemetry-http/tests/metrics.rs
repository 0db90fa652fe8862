//! What the layer counts, and what a call to another service records.
#![allow(missing_docs)]

use std::convert::Infallible;
use std::future::{Future, poll_fn, ready};
use std::task::{Context, Waker};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, Full};
use telemetry_core::testing::Scope;
use telemetry_core::testing::assertions::Assertions;
use telemetry_core::{Outcome, SpanKind, Status};
use telemetry_http::{MetricOptions, TelemetryLayer, call};
use tower_layer::Layer;
use tower_service::Service;

mod support;
use support::Answer;

fn request(method: &str) -> Request<Full<Bytes>> {
    Request::builder().method(method).uri("/books").body(Full::default()).unwrap()
}

fn total(scope: &Scope, method: &str, status: &str, count: u32) {
    scope.assert_metric_value("http_requests_total", &[("method", method), ("status", status)], count);
}

#[tokio::test]
async fn requests_are_counted_by_method_and_status_when_they_have_ended() {
    let scope = Scope::new();
    let mut service = TelemetryLayer::new().layer(Answer(|request: Request<_>| {
        let status = if request.method() == "GET" { 200 } else { 404 };
        ready(Ok::<_, Infallible>(Response::builder().status(status).body(Full::<Bytes>::from("x")).unwrap()))
    }));
    for method in ["GET", "GET", "BREW", "BOIL"] {
        let response = service.call(request(method)).await.unwrap();
        scope.assert_metric_value("http_requests_in_flight", &[], 1);
        response.into_body().collect().await.unwrap();
    }
    total(&scope, "GET", "200", 2);
    total(&scope, "_OTHER", "404", 2);
    scope.assert_metric_value("http_requests_in_flight", &[], 0);
    scope.assert_metric_value("http_request_duration_seconds_count", &[("method", "GET")], 2);
    scope.assert_metric_value("http_request_duration_seconds_count", &[("method", "_OTHER")], 2);
}

#[test]
fn a_request_given_up_before_its_head_counts_as_499() {
    let scope = Scope::new();
    let mut service = TelemetryLayer::new()
        .layer(Answer(|_| std::future::pending::<Result<Response<Empty<Bytes>>, Infallible>>()));
    let mut future = Box::pin(service.call(request("GET")));
    assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    scope.assert_metric_value("http_requests_in_flight", &[], 1);
    drop(future);
    total(&scope, "GET", "499", 1);
    scope.assert_metric_value("http_requests_in_flight", &[], 0);
}

#[tokio::test]
async fn what_is_under_way_is_right_whatever_is_disabled_meanwhile() {
    let identified = TelemetryLayer::new().request_id(http::HeaderName::from_static("x-request-id"));
    let shop = MetricOptions::new().prefix("shop").unwrap();
    for (layer, name) in [
        (TelemetryLayer::new(), "http_requests_in_flight"),
        (identified, "http_requests_in_flight"),
        (TelemetryLayer::new().metrics(&shop), "shop_requests_in_flight"),
    ] {
        let scope = Scope::new();
        let mut service =
            layer.layer(Answer(|_| ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("x"))))));
        let response = service.call(request("GET")).await.unwrap();
        scope.assert_metric_value(name, &[], 1);
        scope.disable();
        drop(response);
        let response = service.call(request("GET")).await.unwrap();
        scope.enable();
        drop(response);
        scope.assert_metric_value(name, &[], 0);
        let text = scope.metrics().text().to_owned();
        assert!(!text.contains("status=\"200\"} 1"), "neither began and ended while it was on: {text}");
    }
}

#[tokio::test]
async fn a_service_that_fails_or_panics_counts_as_500() {
    let scope = Scope::new();
    let mut failing =
        TelemetryLayer::new().layer(Answer(|_| ready(Err::<Response<Empty<Bytes>>, _>(std::fmt::Error))));
    assert!(failing.call(request("GET")).await.is_err());
    let mut panicking = TelemetryLayer::new().layer(Answer(|_| {
        poll_fn(|_| -> std::task::Poll<Result<Response<Empty<Bytes>>, Infallible>> { panic!("spilled ink") })
    }));
    let mut future = Box::pin(panicking.call(request("GET")));
    let poll = std::panic::AssertUnwindSafe(|| {
        drop(future.as_mut().poll(&mut Context::from_waker(Waker::noop())));
    });
    assert!(std::panic::catch_unwind(poll).is_err());
    total(&scope, "GET", "500", 2);
    scope.assert_metric_value("http_requests_in_flight", &[], 0);
}

#[tokio::test]
async fn the_duration_lasts_to_the_end_of_the_body() {
    let scope = Scope::new();
    let mut service = TelemetryLayer::new()
        .layer(Answer(|_| ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("x"))))));
    let response = service.call(request("GET")).await.unwrap();
    let count = |count: u32| {
        scope.assert_metric_value("http_request_duration_seconds_count", &[("method", "GET")], count);
    };
    assert!(!scope.metrics().text().contains("http_request_duration_seconds_count{"), "not before its end");
    response.into_body().collect().await.unwrap();
    count(1);
}

#[tokio::test]
async fn a_call_is_a_client_span_whose_identifier_goes_out_instead_of_the_inbound_one() {
    let scope = Scope::new();
    let inbound = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request = Request::post("http://inventory.example:8081/stock?q=1&sig=x")
        .header("traceparent", inbound)
        .body(Full::<Bytes>::from("abc"))
        .unwrap();
    let mut sent = None;
    let response = call(request, |request| {
        sent = telemetry_http::extract(request.headers()).map(|remote| remote.span);
        ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())))
    });
    assert_eq!(response.await.unwrap().status(), StatusCode::OK);
    let span = scope.assert_has_span("POST");
    let sent = sent.unwrap();
    assert_eq!((sent.trace_id, sent.span_id), (span.trace_id, span.span_id));
    assert_eq!((span.kind, span.status, span.outcome), (SpanKind::Client, Status::Unset, Outcome::Completed));
    scope.assert_attribute_equals("POST", "http.method", "POST");
    scope.assert_attribute_equals("POST", "net.peer.name", "inventory.example");
    scope.assert_attribute_equals("POST", "http.url", "/stock?q=1&sig=REDACTED");
    scope.assert_attribute_equals("POST", "http.status_code", 200);
    scope.assert_attribute_equals("POST", "http.request_content_length", 3);
}

#[tokio::test]
async fn a_call_that_is_refused_or_fails_is_an_error() {
    for status in [404, 500] {
        let scope = Scope::new();
        let answer = Response::builder().status(status).body(Empty::<Bytes>::new()).unwrap();
        call(request("GET"), |_| ready(Ok::<_, Infallible>(answer))).await.unwrap();
        scope.assert_status("GET", Status::Error);
    }
    let scope = Scope::new();
    let failure =
        call(request("GET"), |_| ready(Err::<Response<Empty<Bytes>>, _>(std::io::Error::other("no route"))));
    assert_eq!(failure.await.unwrap_err().to_string(), "no route");
    scope.assert_attribute_equals("GET", "error.message", "no route");
    assert_eq!(scope.assert_has_span("GET").outcome, Outcome::Failed);
}

#[tokio::test]
async fn a_call_from_a_request_hangs_on_it() {
    let scope = Scope::new();
    let mut service = TelemetryLayer::new().layer(Answer(|_| async {
        call(request("GET"), |_| ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())))).await
    }));
    drop(service.call(request("POST")).await.unwrap());
    scope.assert_ancestors("GET", &["POST"]);
}
