//! The layer in front of real connections: plain hyper, and axum with a router.
#![cfg(feature = "axum")]
#![allow(missing_docs)]

use std::convert::Infallible;
use std::future::ready;

use axum::Router;
use axum::extract::Path;
use axum::routing::{any, get};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use telemetry_core::Outcome;
use telemetry_core::record::{SpanRecord, Value};
use telemetry_core::testing::Scope;
use telemetry_http::{RequestSpan, TelemetryLayer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower_layer::Layer;
use tower_service::Service;

mod support;
use support::Answer;

/// Sends bytes to a service behind hyper, and reads all it answers.
async fn exchanged<S, B>(service: S, bytes: &str) -> String
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone,
    B: Body<Data = Bytes> + 'static,
    B::Error: std::error::Error + Send + Sync,
{
    let (mut client, server) = tokio::io::duplex(64 * 1024);
    let connection = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(server), TowerToHyperService::new(service));
    let talk = async {
        client.write_all(bytes.as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let (served, answer) = tokio::join!(connection, talk);
    served.unwrap();
    answer
}

fn app() -> Router {
    Router::new()
        .route(
            "/books/{id}",
            get(|Path(id): Path<u64>, span: RequestSpan| async move {
                span.0.u64("book.id", id);
                id.to_string()
            }),
        )
        .route(
            "/upgrade",
            any(|| async {
                (StatusCode::SWITCHING_PROTOCOLS, [("connection", "upgrade"), ("upgrade", "books")], "")
            }),
        )
        .nest("/admin", Router::new().route("/{what}", get(|| async { "secret" })))
        .layer(TelemetryLayer::new())
}

fn only(scope: &Scope) -> SpanRecord {
    let mut spans = scope.spans();
    assert_eq!(spans.len(), 1, "{}", scope.tree());
    spans.remove(0)
}

#[tokio::test]
async fn axum_names_a_request_by_its_route_and_its_handler_reaches_the_span() {
    for (path, name, route) in [
        ("/books/7", "GET /books/{id}", Some("/books/{id}")),
        ("/admin/users", "GET /admin/{what}", Some("/admin/{what}")),
        ("/nowhere/at/all", "GET", None),
    ] {
        let scope = Scope::new();
        exchanged(app(), &format!("GET {path} HTTP/1.1\r\nhost: books.example\r\nconnection: close\r\n\r\n"))
            .await;
        let span = only(&scope);
        assert_eq!((&*span.name, span.outcome), (name, Outcome::Completed));
        assert_eq!(span.attribute("http.route"), route.map(|route| Value::Str(route.into())).as_ref());
        assert_eq!(span.attribute("book.id").is_some(), path == "/books/7");
    }
}

#[tokio::test]
async fn a_head_request_and_an_upgrade_are_complete_with_their_heads() {
    for (line, status) in [("HEAD /books/7", 200), ("GET /upgrade", 101)] {
        let scope = Scope::new();
        let request = format!(
            "{line} HTTP/1.1\r\nhost: books.example\r\nconnection: close, upgrade\r\nupgrade: books\r\n\r\n"
        );
        let answer = exchanged(app(), &request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        let span = only(&scope);
        assert_eq!(
            (span.outcome, span.attribute("http.status_code")),
            (Outcome::Completed, Some(&Value::U64(status)))
        );
    }
}

#[tokio::test]
async fn plain_hyper_needs_no_router() {
    let scope = Scope::new();
    let service = TelemetryLayer::new()
        .layer(Answer(|_: Request<Incoming>| ready(Ok(Response::new(Full::<Bytes>::from("hello"))))));
    let request = "POST /any HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 3\r\n\r\nabc";
    let answer = exchanged(service, request).await;
    assert!(answer.contains("traceparent: 00-") && answer.ends_with("hello"), "{answer}");
    let span = only(&scope);
    assert_eq!((&*span.name, span.attribute("http.request_content_length")), ("POST", Some(&Value::U64(3))));
}
