//! Routes: what one decides for itself, and that no number of them grows what is kept for the process.
#![cfg(feature = "axum")]
#![allow(missing_docs)]

use std::collections::HashSet;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::routing::get;
use telemetry_core::testing::Scope;
use telemetry_core::testing::assertions::Assertions;
use telemetry_core::{AlwaysSample, Decision, NeverSample};
use telemetry_http::{Hooks, Inbound, MetricOptions, RequestHead, TelemetryLayer};
use tower::ServiceExt;

const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

async fn sent(app: &Router, path: &str) {
    let request = Request::get(path).header("traceparent", CALLER).body(Body::empty()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    to_bytes(response.into_body(), 1 << 16).await.unwrap();
}

/// Decides by the route.
struct ByRoute;

impl Hooks for ByRoute {
    fn sample(&self, request: &RequestHead<'_>) -> Option<Decision> {
        match request.route? {
            "/orders/{id}" => Some(Decision::Record),
            "/noise/{id}" => Some(Decision::Drop),
            _ => None,
        }
    }

    fn inbound(&self, request: &RequestHead<'_>) -> Option<Inbound> {
        (request.route == Some("/public/{id}")).then_some(Inbound::Ignore)
    }
}

#[tokio::test]
async fn a_route_can_have_a_sampler_and_a_policy_of_its_own() {
    let handler = || get(|| async { "hello" });
    let app = Router::new()
        .route("/orders/{id}", handler())
        .route("/noise/{id}", handler())
        .route("/public/{id}", handler())
        .layer(TelemetryLayer::new().hooks(ByRoute));
    let scope = Scope::builder().sampler(NeverSample).enter().unwrap();
    for path in ["/orders/1", "/noise/1", "/public/1", "/nowhere"] {
        sent(&app, path).await;
    }
    assert_eq!(scope.spans().len(), 1);
    assert_eq!(scope.assert_has_span("GET /orders/{id}").trace_id.to_string(), CALLER[3..35]);
    drop(scope);
    let scope = Scope::builder().sampler(AlwaysSample).enter().unwrap();
    for path in ["/orders/1", "/noise/1", "/public/1"] {
        sent(&app, path).await;
    }
    assert_eq!(scope.spans().len(), 2);
    assert_eq!(scope.assert_has_span("GET /public/{id}").parent_span_id, None);
}

#[tokio::test]
async fn beyond_a_thousand_routes_requests_are_named_by_their_method() {
    let routes = 1_200;
    let options = MetricOptions::new().prefix("many").unwrap().route(true);
    let mut app = Router::new();
    for number in 0..routes {
        app = app.route(&format!("/{number}/{{id}}"), get(|| async { "hello" }));
    }
    let app = app.layer(TelemetryLayer::new().metrics(&options));
    let scope = Scope::builder().capacity(4_096).enter().unwrap();
    for number in 0..routes {
        sent(&app, &format!("/{number}/1")).await;
    }
    let spans = scope.spans();
    let named = spans.iter().filter(|span| span.attribute("http.route").is_some()).count();
    // The routes of other tests are among the thousand.
    assert!((900..=1_000).contains(&named), "{named}");
    assert_eq!(spans.iter().filter(|span| span.name == "GET").count(), routes - named);
    let names: HashSet<_> = spans.iter().map(|span| span.name.clone()).collect();
    assert_eq!(names.len(), named + 1);
    let without = (routes - named) as u32;
    scope.assert_metric_value(
        "many_request_duration_seconds_count",
        &[("method", "GET"), ("route", "")],
        without,
    );
}
