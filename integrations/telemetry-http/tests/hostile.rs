//! What nobody in their right mind sends: the answers stay right, nothing panics, and nothing grows with it.
#![allow(missing_docs)]

use std::convert::Infallible;
use std::future::ready;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use telemetry_core::testing::Scope;
use telemetry_core::testing::assertions::Assertions;
use telemetry_http::TelemetryLayer;
use tower_layer::Layer;
use tower_service::Service;

mod support;
use support::Answer;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// Sends a request through the layer; what the service would have sent on.
async fn passed_on(request: Request<Full<Bytes>>) -> HeaderMap {
    let mut sent = HeaderMap::new();
    let mut service = TelemetryLayer::new().layer(Answer(|_| {
        telemetry_http::inject(&mut sent);
        ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("ok"))))
    }));
    let response = service.call(request).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "ok");
    drop(service);
    sent
}

fn request(method: &str, uri: &str) -> Request<Full<Bytes>> {
    Request::builder().method(method).uri(uri).header("traceparent", PARENT).body(Full::default()).unwrap()
}

#[tokio::test]
async fn invented_methods_and_paths_make_no_series_and_no_names() {
    let scope = Scope::builder().capacity(16_384).enter().unwrap();
    for number in 0..2_000 {
        passed_on(request(&format!("M{number}"), &format!("/{number}/{}", "x".repeat(number % 300)))).await;
    }
    scope.assert_metric_value("http_requests_total", &[("method", "_OTHER"), ("status", "200")], 2_000);
    let text = scope.metrics().text().to_owned();
    assert_eq!(text.lines().filter(|line| line.starts_with("http_requests_total{")).count(), 1);
    assert!(scope.spans().iter().all(|span| span.name == "HTTP"));
}

#[tokio::test]
async fn headers_without_end_and_without_sense_are_survived() {
    let scope = Scope::builder().capacity(16_384).enter().unwrap();
    let long = "x".repeat(65_536);
    let members = (0..1_000).map(|number| format!("k{number}=1")).collect::<Vec<_>>().join(",");
    let commas = ",".repeat(65_536);
    for state in [long.as_str(), &members, &commas, "\u{7f}", "a=\u{e9}"] {
        let mut request = request("GET", "/");
        let Ok(value) = HeaderValue::from_bytes(state.as_bytes()) else { continue };
        request.headers_mut().insert("tracestate", value);
        let sent = passed_on(request).await;
        assert_eq!(&sent["traceparent"].as_bytes()[3..35], &PARENT.as_bytes()[3..35]);
        assert!(!sent.contains_key("tracestate"));
    }
    for name in ["traceparent", "user-agent", "host", "content-length", "x-request-id"] {
        for value in [&[0xff; 300][..], long.as_bytes(), b"", b"-1", b"99999999999999999999999"] {
            let mut request = request("GET", "/?sig=x");
            request.headers_mut().insert(name, HeaderValue::from_bytes(value).unwrap());
            passed_on(request).await;
        }
    }
    let mut flooded = request("GET", "/");
    for number in 0..5_000 {
        flooded.headers_mut().append("tracestate", HeaderValue::from_str(&format!("k{number}=1")).unwrap());
    }
    assert!(!passed_on(flooded).await.contains_key("tracestate"));
    assert_eq!(scope.accounting().dropped(), 0);
    scope.assert_metric_value("http_requests_in_flight", &[], 0);
}

#[tokio::test]
async fn states_do_not_pile_up() {
    let _scope = Scope::builder().capacity(16_384).enter().unwrap();
    let before = telemetry_core::propagate::dropped_states();
    for number in 0..20_000_u32 {
        let mut request = request("GET", "/");
        let parent = format!("00-{:032x}-b7ad6b7169203331-00", u128::from(number) + 1);
        request.headers_mut().insert("traceparent", parent.parse().unwrap());
        request.headers_mut().insert("tracestate", format!("rojo={}", "x".repeat(250)).parse().unwrap());
        assert!(passed_on(request).await["tracestate"].as_bytes().starts_with(b"rojo=xxx"));
    }
    assert_eq!(telemetry_core::propagate::dropped_states(), before, "what has ended gives way");
}
