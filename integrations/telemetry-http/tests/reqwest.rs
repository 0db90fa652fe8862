//! Requests by reqwest, to a real server.
#![allow(missing_docs)]

use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::routing::get;
use http::{HeaderMap, StatusCode};
use reqwest::{Client, Request, Response};
use telemetry_core::record::{SpanRecord, Value};
use telemetry_core::testing::Scope;
use telemetry_core::{Outcome, SpanKind, Status};
use telemetry_http::{ClientLayer, Conventions, Resend, SendTraced, TelemetryLayer};
use tokio::net::TcpListener;
use tower::retry::{Policy, RetryLayer};
use tower_layer::Layer;
use tower_service::Service;

/// Serves on a port of its own, for as long as the test's runtime.
async fn serving(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

/// Answers 503 twice, then 200.
fn moody() -> Router {
    let asked = Arc::new(AtomicU32::new(0));
    Router::new().route(
        "/",
        get(move || {
            let turn = asked.fetch_add(1, Ordering::Relaxed);
            ready(if turn < 2 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK })
        }),
    )
}

fn clients(scope: &Scope) -> Vec<SpanRecord> {
    scope.spans().into_iter().filter(|span| span.kind == SpanKind::Client).collect()
}

fn text<'a>(span: &'a SpanRecord, key: &str) -> &'a str {
    match span.attribute(key) {
        Some(Value::Str(text)) => text,
        other => panic!("{key} is {other:?}"),
    }
}

#[tokio::test]
async fn a_request_is_a_client_span_that_the_server_continues() {
    let scope = Scope::new();
    let echo = |headers: HeaderMap| ready(headers["traceparent"].to_str().unwrap().to_owned());
    let router = Router::new().route("/books/{id}", get(echo)).layer(TelemetryLayer::new());
    let address = serving(router).await;
    let inbound = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request = Client::new().get(format!("http://{address}/books/7?sig=secret"));
    let response = request.header("traceparent", inbound).send_traced().await.unwrap();
    let sent = response.text().await.unwrap();

    let spans = scope.spans();
    let by_kind = |kind| spans.iter().find(|span| span.kind == kind).unwrap();
    let (ours, theirs) = (by_kind(SpanKind::Client), by_kind(SpanKind::Server));
    assert_eq!(sent, format!("00-{}-{}-03", ours.trace_id, ours.span_id), "never the header as it came");
    assert_eq!(theirs.parent_span_id, Some(ours.span_id));
    assert_eq!((&*ours.name, ours.outcome, ours.status), ("GET", Outcome::Completed, Status::Unset));
    assert_eq!(text(ours, "http.url"), "/books/7?sig=REDACTED");
    assert_eq!(text(ours, "net.peer.name"), "127.0.0.1");
    assert_eq!(ours.attribute("http.status_code"), Some(&Value::U64(200)));
}

#[tokio::test]
async fn every_attempt_is_a_span_with_its_number() {
    let scope = Scope::new();
    let address = serving(moody()).await;
    let request = Client::new().get(format!("http://{address}/"));
    for attempt in 0..3 {
        request.try_clone().unwrap().resend_traced(Resend(attempt)).await.unwrap();
    }
    let attempts: Vec<_> = clients(&scope)
        .iter()
        .map(|span| (span.attribute("http.resend_count").cloned(), span.status))
        .collect();
    assert_eq!(
        attempts,
        [(None, Status::Error), (Some(Value::U64(1)), Status::Error), (Some(Value::U64(2)), Status::Unset)]
    );
}

/// Sends a request again until it is answered well.
#[derive(Clone)]
struct UntilWell;

impl Policy<Request, Response, reqwest::Error> for UntilWell {
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut Request, result: &mut Result<Response, reqwest::Error>) -> Option<Ready<()>> {
        let well = result.as_ref().is_ok_and(|response| response.status().is_success());
        (!well).then(|| ready(()))
    }

    fn clone_request(&mut self, request: &Request) -> Option<Request> {
        request.try_clone()
    }
}

#[tokio::test]
async fn a_layer_inside_a_retry_gives_every_attempt_its_span() {
    let scope = Scope::new();
    let address = serving(moody()).await;
    let traced = ClientLayer::new().conventions(Conventions::Stable).layer(Client::new());
    let mut retrying = RetryLayer::new(UntilWell).layer(traced);
    let request = Request::new(http::Method::GET, format!("http://{address}/").parse().unwrap());
    assert_eq!(retrying.call(request).await.unwrap().status(), 200);
    let statuses: Vec<_> = clients(&scope)
        .iter()
        .map(|span| (span.attribute("http.response.status_code").cloned(), span.status))
        .collect();
    let (failed, well) = ((Some(Value::U64(503)), Status::Error), (Some(Value::U64(200)), Status::Unset));
    assert_eq!(statuses, [failed.clone(), failed, well]);
}

#[tokio::test]
async fn a_failure_tells_its_causes_and_no_credentials() {
    let scope = Scope::new();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{nobody}/a?token=secret");
    let failure = Client::new().get(&url).send_traced().await.unwrap_err();
    assert_eq!(failure.url().map(reqwest::Url::as_str), Some(&*url), "what the caller gets is whole");
    let spans = clients(&scope);
    let message = text(&spans[0], "error.message");
    assert!(message.starts_with("error sending request: ") && !message.contains("secret"), "{message}");
    assert_eq!((text(&spans[0], "error.type"), spans[0].status), ("reqwest::error::Error", Status::Error));
}

#[tokio::test]
async fn a_url_that_makes_no_request_makes_no_span() {
    let scope = Scope::new();
    assert!(Client::new().get("no url").send_traced().await.unwrap_err().is_builder());
    assert_eq!(scope.spans().len(), 0);
}

#[tokio::test]
async fn a_request_that_is_given_up_is_cancelled() {
    let scope = Scope::new();
    let (asked, was_asked) = tokio::sync::oneshot::channel();
    let asked = Arc::new(std::sync::Mutex::new(Some(asked)));
    let never = move || {
        let _ = asked.lock().unwrap().take().map(|asked| asked.send(()));
        std::future::pending::<&str>()
    };
    let address = serving(Router::new().route("/", get(never))).await;
    tokio::select! {
        _ = Client::new().get(format!("http://{address}/")).send_traced() => panic!("nobody answers"),
        _ = was_asked => {}
    }
    assert_eq!(clients(&scope)[0].outcome, Outcome::Cancelled);
}
