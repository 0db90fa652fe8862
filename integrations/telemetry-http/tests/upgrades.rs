//! Connections that go their own way: upgraded ones, and those whose client leaves.
#![allow(missing_docs)]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::routing::get;
use bytes::Bytes;
use http::{Response, StatusCode};
use http_body::Frame;
use hyper_util::rt::TokioIo;
use telemetry_core::Outcome;
use telemetry_core::record::{SpanRecord, Value};
use telemetry_core::testing::Scope;
use telemetry_core::testing::assertions::Assertions;
use telemetry_http::{RequestSpan, TelemetryLayer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// Serves on a port of its own, for as long as the test's runtime.
async fn serving(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

async fn ask(address: SocketAddr, request: &str) -> TcpStream {
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    connection
}

/// Reads up to and with these bytes.
async fn read_to(connection: &mut TcpStream, end: &[u8]) -> Vec<u8> {
    let mut read = Vec::new();
    while !read.ends_with(end) {
        read.push(connection.read_u8().await.unwrap());
    }
    read
}

fn only(scope: &Scope) -> SpanRecord {
    let mut spans = scope.spans();
    assert_eq!(spans.len(), 1, "{}", scope.tree());
    spans.remove(0)
}

#[tokio::test]
async fn an_upgraded_connection_goes_on_when_its_request_has_ended() {
    let scope = Scope::new();
    let echo = |request: Request| async {
        let request_span = RequestSpan::current();
        tokio::spawn(async move {
            let mut connection = TokioIo::new(hyper::upgrade::on(request).await.unwrap());
            // What is written on the span now goes nowhere: the request is over.
            request_span.unwrap().0.bool("late", true);
            let (mut from, mut to) = tokio::io::split(&mut connection);
            tokio::io::copy(&mut from, &mut to).await.unwrap();
        });
        Response::builder()
            .status(StatusCode::SWITCHING_PROTOCOLS)
            .header("connection", "upgrade")
            .header("upgrade", "echo")
            .body(Body::empty())
            .unwrap()
    };
    let address = serving(Router::new().route("/echo", get(echo)).layer(TelemetryLayer::new())).await;
    let request = "GET /echo HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
    let mut connection = ask(address, request).await;
    let head = read_to(&mut connection, b"\r\n\r\n").await;
    assert!(head.starts_with(b"HTTP/1.1 101 "));
    for word in [b"ping", b"pong"] {
        connection.write_all(word).await.unwrap();
        assert_eq!(read_to(&mut connection, word).await, word);
    }
    let span = only(&scope);
    assert_eq!(
        (&*span.name, span.outcome, span.attribute("http.status_code"), span.attribute("late")),
        ("GET /echo", Outcome::Completed, Some(&Value::U64(101)), None)
    );
}

/// A body without an end; it says when it is dropped.
struct Endless(Option<oneshot::Sender<()>>);

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 1_024])))))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        let _ = self.0.take().map(|gone| gone.send(()));
    }
}

#[tokio::test]
async fn a_client_that_leaves_a_stream_has_cancelled_its_request() {
    let scope = Scope::new();
    let (gone, is_gone) = oneshot::channel();
    let gone = std::sync::Arc::new(std::sync::Mutex::new(Some(gone)));
    let endless = move || {
        let gone = gone.lock().unwrap().take();
        async move { Body::new(Endless(gone)) }
    };
    let address = serving(Router::new().route("/", get(endless)).layer(TelemetryLayer::new())).await;
    let mut connection = ask(address, "GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    read_to(&mut connection, b"xxxx").await;
    assert_eq!(scope.spans().len(), 0, "the request goes on");
    drop(connection);
    is_gone.await.unwrap();
    let span = only(&scope);
    assert_eq!(
        (span.outcome, span.attribute("http.status_code")),
        (Outcome::Cancelled, Some(&Value::U64(200)))
    );
}

#[tokio::test]
async fn a_client_that_leaves_before_the_head_has_cancelled_its_request() {
    struct Gone(Option<oneshot::Sender<()>>);
    impl Drop for Gone {
        fn drop(&mut self) {
            let _ = self.0.take().map(|gone| gone.send(()));
        }
    }
    let scope = Scope::new();
    let (asked, is_asked) = oneshot::channel();
    let (gone, is_gone) = oneshot::channel();
    let told = std::sync::Arc::new(std::sync::Mutex::new(Some((asked, gone))));
    let never = move || {
        let (asked, gone) = told.lock().unwrap().take().unwrap();
        async move {
            let _gone = Gone(Some(gone));
            asked.send(()).unwrap();
            std::future::pending::<&str>().await
        }
    };
    let address = serving(Router::new().route("/", get(never)).layer(TelemetryLayer::new())).await;
    let connection = ask(address, "GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    is_asked.await.unwrap();
    scope.assert_metric_value("http_requests_in_flight", &[], 1);
    drop(connection);
    is_gone.await.unwrap();
    let span = only(&scope);
    assert_eq!((span.outcome, span.attribute("http.status_code")), (Outcome::Cancelled, None));
    scope.assert_metric_value("http_requests_total", &[("method", "GET"), ("status", "499")], 1);
    scope.assert_metric_value("http_requests_in_flight", &[], 0);
}

#[tokio::test]
async fn a_handler_that_panics_ends_its_connection_and_nobody_else_s() {
    let scope = Scope::new();
    let broken = || async { if true { panic!("out of books") } else { "" } };
    let router = Router::new().route("/broken", get(broken)).route("/whole", get(|| async { "a book" }));
    let address = serving(router.layer(TelemetryLayer::new())).await;
    for (path, answered) in [("broken", false), ("whole", true)] {
        let request = format!("GET /{path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        let mut answer = String::new();
        ask(address, &request).await.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer.ends_with("a book"), answered);
    }
    let outcomes: Vec<_> = scope.spans().iter().map(|span| (span.name.to_string(), span.outcome)).collect();
    assert_eq!(
        outcomes,
        [("GET /broken".to_owned(), Outcome::Panicked), ("GET /whole".to_owned(), Outcome::Completed)]
    );
}
