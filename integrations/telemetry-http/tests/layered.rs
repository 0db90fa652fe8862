//! The layer among others: inside and outside of one of its own, of timeouts, of what catches panics, of retries.
#![cfg(feature = "axum")]
#![allow(missing_docs)]

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Router, middleware};
use http::StatusCode;
use telemetry_core::record::{SpanRecord, Value};
use telemetry_core::testing::Scope;
use telemetry_core::testing::assertions::Assertions;
use telemetry_core::{Context, Outcome, Status, step};
use telemetry_http::{ClientLayer, Inbound, RequestSpan, TelemetryLayer, call};
use tower::{ServiceBuilder, ServiceExt};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn request(path: &str) -> Request {
    Request::get(path).header("traceparent", CALLER).body(Body::empty()).unwrap()
}

/// Sends a request, and reads the answer to its end.
async fn sent(app: Router, request: Request) -> (StatusCode, String) {
    let (head, body) = app.oneshot(request).await.unwrap().into_parts();
    let body = to_bytes(body, 1 << 16).await.unwrap();
    (head.status, String::from_utf8(body.into()).unwrap())
}

/// The two spans of that name, the outer one first.
fn nested(scope: &Scope, name: &str) -> [SpanRecord; 2] {
    let mut spans = scope.spans();
    spans.retain(|span| span.name == name);
    let [one, other] = spans.try_into().unwrap();
    if one.parent_span_id == Some(other.span_id) { [other, one] } else { [one, other] }
}

fn counted(scope: &Scope, count: u32) {
    scope.assert_metric_value("http_requests_total", &[("method", "GET"), ("status", "200")], count);
    scope.assert_metric_value("http_requests_in_flight", &[], 0);
}

#[tokio::test]
async fn a_layer_inside_a_layer_hangs_on_it_and_its_word_on_the_caller_stands() {
    let policies = [Inbound::Continue, Inbound::Link, Inbound::Ignore];
    for (outer, inner) in policies.into_iter().flat_map(|one| policies.map(|other| (one, other))) {
        for caller in [true, false] {
            let scope = Scope::new();
            let app = Router::new()
                .route("/", get(|| async { drop(step!("work")) }))
                .layer(TelemetryLayer::new().inbound(inner))
                .layer(TelemetryLayer::new().inbound(outer));
            let mut request = request("/");
            if !caller {
                request.headers_mut().remove("traceparent");
            }
            sent(app, request).await;
            let spans = nested(&scope, "GET /");
            let continued = caller && outer == Inbound::Continue;
            assert_eq!(spans[0].trace_id.to_string() == CALLER[3..35], continued, "{outer:?}, {inner:?}");
            assert_eq!(spans[0].parent_span_id.is_some(), continued);
            assert_eq!(spans[0].links.len(), usize::from(caller && outer == Inbound::Link));
            assert_eq!(
                (spans[1].trace_id, spans[1].parent_span_id),
                (spans[0].trace_id, Some(spans[0].span_id))
            );
            scope.assert_ancestors("work", &["GET /", "GET /"]);
            counted(&scope, 2);
        }
    }
}

#[tokio::test]
async fn one_of_two_layers_may_count_alone() {
    let scope = Scope::new();
    let app = Router::new()
        .route("/", get(|| async { "hello" }))
        .layer(TelemetryLayer::new().measure(false))
        .layer(TelemetryLayer::new());
    sent(app, request("/")).await;
    assert_eq!(scope.spans().len(), 2);
    counted(&scope, 1);
}

#[tokio::test]
async fn requests_that_a_handler_makes_within_the_process_hang_on_what_made_them() {
    let scope = Scope::new();
    let books = Router::new().route("/books", get(|| async { "a book" })).layer(TelemetryLayer::new());
    let batch = move |asked: Request| async move {
        let mut copied = request("/books");
        copied.headers_mut().clone_from(asked.headers());
        for part in [copied, Request::get("/books").body(Body::empty()).unwrap()] {
            sent(books.clone(), part).await;
        }
        let client = ServiceBuilder::new().layer(ClientLayer::new()).service(books.clone());
        client.oneshot(request("/books")).await.unwrap();
        call(request("/books"), |part| books.clone().oneshot(part)).await.unwrap();
    };
    let app = Router::new().route("/batch", post(batch)).layer(TelemetryLayer::new());
    let asked = Request::post("/batch").header("traceparent", CALLER).body(Body::empty()).unwrap();
    sent(app, asked).await;
    let outer = scope.assert_has_span("POST /batch").span_id;
    let parents: Vec<_> = scope
        .spans()
        .iter()
        .filter(|span| span.name == "GET /books")
        .map(|span| span.parent_span_id)
        .collect();
    let clients: Vec<_> =
        scope.spans().iter().filter(|span| span.name == "GET").map(|span| span.span_id).collect();
    assert_eq!(parents.len(), 4);
    assert_eq!(parents[..2], [Some(outer); 2]);
    assert_eq!(parents[2..], [Some(clients[0]), Some(clients[1])]);
}

#[tokio::test]
async fn what_a_timeout_answers_is_seen_from_outside_of_it() {
    let timeout = || TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, Duration::from_millis(1));
    let slow = || Router::new().route("/", get(std::future::pending::<()>));
    // In one stack, where the timeout makes a body of ours.
    let inside = ServiceBuilder::new().layer(timeout()).layer(TelemetryLayer::new());
    let outside = ServiceBuilder::new().layer(TelemetryLayer::new()).layer(timeout());
    for (app, outcome, status) in [
        (slow().layer(inside), Outcome::Cancelled, None),
        (slow().layer(outside), Outcome::Completed, Some(408)),
    ] {
        let scope = Scope::new();
        assert_eq!(sent(app, request("/")).await.0, StatusCode::REQUEST_TIMEOUT);
        let span = scope.assert_has_span("GET /");
        assert_eq!(
            (span.outcome, span.attribute("http.status_code")),
            (outcome, status.map(Value::U64).as_ref())
        );
        let status = status.map_or("499".to_owned(), |status| status.to_string());
        scope.assert_metric_value("http_requests_total", &[("method", "GET"), ("status", &status)], 1);
    }
}

#[tokio::test]
async fn a_panic_is_told_wherever_it_is_caught() {
    let panicking =
        || Router::new().route("/", get(|| async { if true { panic!("spilled ink") } else { "" } }));
    for (app, outcome) in [
        (panicking().layer(TelemetryLayer::new()).layer(CatchPanicLayer::new()), Outcome::Panicked),
        (panicking().layer(CatchPanicLayer::new()).layer(TelemetryLayer::new()), Outcome::Completed),
    ] {
        let scope = Scope::new();
        assert_eq!(sent(app, request("/")).await.0, StatusCode::INTERNAL_SERVER_ERROR);
        let span = scope.assert_has_span("GET /");
        assert_eq!((span.outcome, span.status), (outcome, Status::Error), "{}", scope.tree());
        scope.assert_metric_value("http_requests_total", &[("method", "GET"), ("status", "500")], 1);
        scope.assert_metric_value("http_requests_in_flight", &[], 0);
    }
}

#[tokio::test]
async fn other_layers_on_either_side_change_nothing() {
    let app = || Router::new().route("/books/{id}", get(|| async { "a book" }));
    async fn note(request: Request, next: middleware::Next) -> Response {
        if let Some(span) = RequestSpan::current() {
            span.0.bool("noted", true);
        }
        next.run(request).await
    }
    for (app, noted) in [
        (
            app()
                .layer(TraceLayer::new_for_http())
                .layer(middleware::from_fn(note))
                .layer(TelemetryLayer::new()),
            true,
        ),
        (
            app()
                .layer(TelemetryLayer::new())
                .layer(middleware::from_fn(note))
                .layer(TraceLayer::new_for_http()),
            false,
        ),
    ] {
        let scope = Scope::new();
        assert_eq!(sent(app, request("/books/7")).await, (StatusCode::OK, "a book".to_owned()));
        let span = scope.assert_has_span("GET /books/{id}");
        assert_eq!((span.outcome, span.attribute("noted").is_some()), (Outcome::Completed, noted));
        counted(&scope, 1);
    }
}

#[tokio::test]
async fn layers_of_two_pipelines_record_to_each() {
    let one = Scope::new();
    let first = Context::current();
    let two = Scope::new();
    let app = Router::new()
        .route("/", get(|| async { "hello" }))
        .layer(TelemetryLayer::new().pipeline(first))
        .layer(TelemetryLayer::new());
    sent(app, request("/")).await;
    for scope in [&two, &one] {
        assert_eq!(scope.spans().len(), 1, "{}", scope.tree());
        assert_eq!(scope.spans()[0].trace_id.to_string(), CALLER[3..35]);
        counted(scope, 1);
    }
}

/// Tries three times at the most.
#[derive(Clone)]
struct Again(u32);

impl<R, E> tower::retry::Policy<http::Request<String>, http::Response<R>, E> for Again {
    type Future = Ready<()>;

    fn retry(
        &mut self,
        _: &mut http::Request<String>,
        result: &mut Result<http::Response<R>, E>,
    ) -> Option<Ready<()>> {
        self.0 = self.0.checked_sub(1)?;
        result.as_ref().is_ok_and(|response| response.status().is_server_error()).then(|| ready(()))
    }

    fn clone_request(&mut self, request: &http::Request<String>) -> Option<http::Request<String>> {
        Some(request.clone())
    }
}

#[tokio::test]
async fn attempts_of_a_server_that_retries_hang_on_the_request() {
    let scope = Scope::new();
    let mut answers = [503, 503, 200].into_iter();
    let answer = tower::service_fn(move |_: http::Request<String>| {
        let status = answers.next().unwrap();
        ready(Ok::<_, Infallible>(http::Response::builder().status(status).body(String::new()).unwrap()))
    });
    let attempts = TelemetryLayer::new().measure(false);
    let answer = std::sync::Arc::new(std::sync::Mutex::new(answer));
    let shared = tower::service_fn(move |request| {
        let mut answer = answer.lock().unwrap();
        tower::Service::call(&mut *answer, request)
    });
    let service =
        ServiceBuilder::new().layer(TelemetryLayer::new()).retry(Again(2)).layer(attempts).service(shared);
    let request = http::Request::get("/").header("traceparent", CALLER).body(String::new()).unwrap();
    assert_eq!(service.oneshot(request).await.unwrap().status(), StatusCode::OK);
    let spans = scope.spans();
    let request =
        spans.iter().find(|span| span.parent_span_id.is_some_and(|id| id.to_string() == CALLER[36..52]));
    let request = request.unwrap().span_id;
    let attempts: Vec<_> = spans
        .iter()
        .filter(|span| span.parent_span_id == Some(request))
        .map(|span| span.attribute("http.status_code").cloned().unwrap())
        .collect();
    assert_eq!(attempts, [503, 503, 200].map(Value::U64));
    counted(&scope, 1);
}
