//! The layer around services of every temper, driven by hand: no server between, so that every poll and drop is ours.
#![allow(missing_docs)]

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::channel::Channel;
use http_body_util::{BodyExt, Empty, Full};
use telemetry_core::record::SpanRecord;
use telemetry_core::testing::Scope;
use telemetry_core::{Outcome, SpanBuilder, SpanKind, Status};
use telemetry_http::TelemetryLayer;
use tower_layer::Layer;
use tower_service::Service;

#[path = "support/driven.rs"]
mod driven;
mod support;
use driven::{cx, only};
use support::Answer;

fn answer<B>(status: u16, body: B) -> Ready<Result<Response<B>, Infallible>> {
    ready(Ok(Response::builder().status(status).body(body).unwrap()))
}

fn get(path: &str) -> Request<Full<Bytes>> {
    Request::get(path).header("host", "books.example:8080").body(Full::default()).unwrap()
}

fn text<'a>(span: &'a SpanRecord, key: &str) -> Option<&'a str> {
    match span.attribute(key)? {
        telemetry_core::record::Value::Str(text) => Some(text),
        other => panic!("{key} is {other:?}"),
    }
}

fn number(span: &SpanRecord, key: &str) -> Option<u64> {
    match span.attribute(key)? {
        telemetry_core::record::Value::U64(number) => Some(*number),
        other => panic!("{key} is {other:?}"),
    }
}

#[tokio::test]
async fn a_request_is_described_by_what_the_conventions_name() {
    let scope = Scope::new();
    let mut service = TelemetryLayer::new().layer(Answer(|_| answer(200, Full::<Bytes>::from("hello"))));
    let request = Request::post("/books?q=sea&sig=secret")
        .header("host", "books.example:8080")
        .header("user-agent", "reader/1.0")
        .body(Full::<Bytes>::from("abc"))
        .unwrap();
    let response = service.call(request).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "hello");
    let span = only(&scope);
    assert_eq!((&*span.name, span.kind, span.local_root), ("POST", SpanKind::Server, true));
    assert_eq!((span.status, span.outcome), (Status::Unset, Outcome::Completed));
    assert_eq!(text(&span, "http.method"), Some("POST"));
    assert_eq!(text(&span, "http.url"), Some("/books?q=sea&sig=REDACTED"));
    assert_eq!(text(&span, "net.host.name"), Some("books.example"));
    assert_eq!(number(&span, "http.status_code"), Some(200));
    assert_eq!(number(&span, "http.request_content_length"), Some(3));
    assert_eq!(number(&span, "http.response_content_length"), Some(5));
    assert_eq!(span.attributes.last().map(|last| &*last.key), Some("http.user_agent"));
    assert_eq!(span.attribute("http.route"), None, "no router, no route");
    assert_eq!(span.dropped_attributes_count, 0);
}

#[tokio::test]
async fn only_a_status_from_500_is_an_error() {
    for (status, expected) in
        [(200, Status::Unset), (404, Status::Unset), (499, Status::Unset), (500, Status::Error)]
    {
        let scope = Scope::new();
        let mut service = TelemetryLayer::new().layer(Answer(|_| answer(status, Empty::<Bytes>::new())));
        drop(service.call(get("/")).await.unwrap());
        let span = only(&scope);
        assert_eq!((span.status, span.outcome), (expected, Outcome::Completed), "{status}");
    }
}

#[tokio::test]
async fn the_trace_of_the_caller_is_continued_and_named_in_the_response() {
    let scope = Scope::new();
    let mut service = TelemetryLayer::new().layer(Answer(|_| answer(200, Empty::<Bytes>::new())));
    let mut request = get("/");
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    request.headers_mut().insert("traceparent", parent.parse().unwrap());
    let response = service.call(request).await.unwrap();
    let named = telemetry_http::extract(response.headers()).unwrap().span;
    drop(response);
    let span = only(&scope);
    assert_eq!(span.trace_id.to_string(), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(span.parent_span_id.map(|id| id.to_string()).as_deref(), Some("b7ad6b7169203331"));
    assert!(span.local_root);
    assert_eq!((named.trace_id, named.span_id), (span.trace_id, span.span_id));
}

#[tokio::test]
async fn a_malformed_parent_begins_a_new_trace() {
    let scope = Scope::new();
    let mut service = TelemetryLayer::new().layer(Answer(|_| answer(200, Empty::<Bytes>::new())));
    let mut request = get("/");
    request.headers_mut().insert("traceparent", "00-zz-01".parse().unwrap());
    drop(service.call(request).await.unwrap());
    assert_eq!(only(&scope).parent_span_id, None);
}

#[tokio::test]
async fn the_work_before_and_after_an_await_and_the_body_hang_on_the_request() {
    static WORK: telemetry_core::CallSite = site("work");
    let scope = Scope::new();
    let mut service = TelemetryLayer::new().layer(Answer(|_| {
        drop(SpanBuilder::new(&WORK).enter());
        async {
            drop(SpanBuilder::new(&WORK).enter());
            tokio::task::yield_now().await;
            drop(SpanBuilder::new(&WORK).enter());
            let body = Chunks(2, || drop(SpanBuilder::new(&WORK).enter()));
            Ok::<_, Infallible>(Response::new(body))
        }
    }));
    let response = service.call(get("/")).await.unwrap();
    assert!(scope.spans().iter().all(|span| span.name == "work"), "the request is open until the body's end");
    response.into_body().collect().await.unwrap();
    let tree = scope.tree();
    let (request, work) = tree.split_once('\n').unwrap();
    assert!(request.starts_with("GET [server]"), "{tree}");
    assert_eq!(work, "  work\n".repeat(6));
}

#[tokio::test]
async fn a_stream_is_open_until_its_last_frame_and_its_length_is_what_was_sent() {
    let scope = Scope::new();
    let (mut sender, body) = Channel::<Bytes, Infallible>::new(4);
    let mut body = Some(body);
    let mut service = TelemetryLayer::new().layer(Answer(|_| answer(200, body.take().unwrap())));
    let mut body = service.call(get("/")).await.unwrap().into_body();
    sender.send_data(Bytes::from("one")).await.unwrap();
    body.frame().await.unwrap().unwrap();
    sender.send_data(Bytes::from("three")).await.unwrap();
    body.frame().await.unwrap().unwrap();
    assert!(scope.spans().is_empty());
    drop(sender);
    assert!(body.frame().await.is_none());
    let span = only(&scope);
    assert_eq!(span.outcome, Outcome::Completed);
    assert_eq!(number(&span, "http.response_content_length"), Some(8));
}

#[tokio::test]
async fn a_client_that_leaves_during_the_body_has_cancelled_the_request() {
    let scope = Scope::new();
    let (mut sender, body) = Channel::<Bytes, Infallible>::new(4);
    let mut body = Some(body);
    let mut service = TelemetryLayer::new().layer(Answer(|_| answer(200, body.take().unwrap())));
    let mut body = service.call(get("/")).await.unwrap().into_body();
    sender.send_data(Bytes::from("one")).await.unwrap();
    body.frame().await.unwrap().unwrap();
    drop(body);
    let span = only(&scope);
    assert_eq!((span.outcome, span.status), (Outcome::Cancelled, Status::Unset));
    assert_eq!(number(&span, "http.status_code"), Some(200));
}

#[test]
fn a_client_that_leaves_before_the_head_has_cancelled_the_request() {
    let scope = Scope::new();
    let mut service = TelemetryLayer::new()
        .layer(Answer(|_| std::future::pending::<Result<Response<Empty<Bytes>>, Infallible>>()));
    let mut future = Box::pin(service.call(get("/")));
    assert!(future.as_mut().poll(&mut cx()).is_pending());
    drop(future);
    let span = only(&scope);
    assert_eq!((span.outcome, span.attribute("http.status_code")), (Outcome::Cancelled, None));
    assert_eq!(text(&span, "http.url"), Some("/"));
}

#[tokio::test]
async fn a_body_that_need_not_be_asked_for_its_end_completes_the_request() {
    for (method, status, length) in [("HEAD", 200, 5), ("GET", 204, 5), ("GET", 304, 5), ("GET", 200, 0)] {
        let scope = Scope::new();
        let mut service =
            TelemetryLayer::new().layer(Answer(|_| answer(status, Full::<Bytes>::from(vec![0; length]))));
        let mut request = get("/");
        *request.method_mut() = method.parse().unwrap();
        drop(service.call(request).await.unwrap());
        assert_eq!(only(&scope).outcome, Outcome::Completed, "{method} {status} {length}");
    }
}

#[tokio::test]
async fn a_server_that_counts_bytes_and_drops_the_body_has_completed_the_request() {
    let scope = Scope::new();
    let (mut sender, body) = Channel::<Bytes, Infallible>::new(4);
    let mut body = Some(body);
    let mut service = TelemetryLayer::new().layer(Answer(|_| {
        let response = Response::builder().header("content-length", "3").body(body.take().unwrap());
        ready(Ok::<_, Infallible>(response.unwrap()))
    }));
    let mut body = service.call(get("/")).await.unwrap().into_body();
    sender.send_data(Bytes::from("one")).await.unwrap();
    body.frame().await.unwrap().unwrap();
    drop(body);
    assert_eq!(only(&scope).outcome, Outcome::Completed);
}

#[tokio::test]
async fn a_body_that_breaks_off_has_failed() {
    let scope = Scope::new();
    let (sender, body) = Channel::<Bytes, std::io::Error>::new(4);
    let mut body = Some(body);
    let mut service = TelemetryLayer::new().layer(Answer(|_| answer(200, body.take().unwrap())));
    let response = service.call(get("/")).await.unwrap();
    sender.abort(std::io::Error::other("torn"));
    assert!(response.into_body().collect().await.is_err());
    let span = only(&scope);
    assert_eq!((span.outcome, span.status), (Outcome::Failed, Status::Error));
    assert_eq!(text(&span, "error.type"), Some(std::any::type_name::<std::io::Error>()));
}

#[tokio::test]
async fn a_service_that_fails_is_recorded_and_its_error_passed_on() {
    let scope = Scope::new();
    let mut service =
        TelemetryLayer::new().layer(Answer(|_| ready(Err::<Response<Empty<Bytes>>, _>(std::fmt::Error))));
    assert_eq!(service.call(get("/")).await.unwrap_err(), std::fmt::Error);
    let span = only(&scope);
    assert_eq!(
        (span.outcome, text(&span, "error.type")),
        (Outcome::Failed, Some(std::any::type_name::<std::fmt::Error>()))
    );
}

#[test]
fn a_panic_is_recorded_with_its_message_and_goes_on() {
    let scope = Scope::new();
    let mut service = TelemetryLayer::new().layer(Answer(|_| async {
        tokio::task::yield_now().await;
        assert!(std::hint::black_box(false), "spilled ink");
        Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
    }));
    // The future outlives the panic, as it does in a server that catches panics around each poll.
    let mut future = Box::pin(service.call(get("/")));
    let mut panicked = false;
    while !panicked {
        let poll = std::panic::AssertUnwindSafe(|| future.as_mut().poll(&mut cx()).is_ready());
        match std::panic::catch_unwind(poll) {
            Ok(ready) => assert!(!ready),
            Err(payload) => panicked = payload.downcast_ref::<&str>() == Some(&"spilled ink"),
        }
    }
    let span = only(&scope);
    assert_eq!((span.outcome, span.status), (Outcome::Panicked, Status::Error));
    assert_eq!(text(&span, "error.message"), Some("spilled ink"));
}

#[test]
fn a_panic_in_the_call_itself_is_recorded_too() {
    let scope = Scope::new();
    let mut service =
        TelemetryLayer::new().layer(Answer(|_| -> Ready<Result<Response<Empty<Bytes>>, Infallible>> {
            panic!("before the future")
        }));
    let call = std::panic::AssertUnwindSafe(|| drop(service.call(get("/"))));
    assert!(std::panic::catch_unwind(call).is_err());
    assert_eq!(only(&scope).outcome, Outcome::Panicked);
}

#[tokio::test]
async fn an_invented_method_makes_no_name() {
    let scope = Scope::new();
    let mut service = TelemetryLayer::new().layer(Answer(|_| answer(405, Empty::<Bytes>::new())));
    let mut request = get("/");
    *request.method_mut() = "BREW".parse().unwrap();
    drop(service.call(request).await.unwrap());
    let span = only(&scope);
    assert_eq!((&*span.name, text(&span, "http.method")), ("HTTP", Some("_OTHER")));
}

#[tokio::test]
async fn a_long_url_is_cut_and_nothing_shorter_is_lost_for_it() {
    let scope = Scope::new();
    let mut service = TelemetryLayer::new().layer(Answer(|_| answer(404, Empty::<Bytes>::new())));
    let path = format!("/{}", "x".repeat(4_000));
    let mut request = get(&path);
    request.headers_mut().insert("user-agent", "reader/1.0".parse().unwrap());
    drop(service.call(request).await.unwrap());
    let span = only(&scope);
    assert_eq!(number(&span, "http.status_code"), Some(404));
    let url = text(&span, "http.url").unwrap();
    assert!(url.starts_with("/xxxx") && url.ends_with('…'), "{url}");
}

#[tokio::test]
async fn without_telemetry_requests_pass_as_they_are() {
    let scope = Scope::builder().disabled().enter().unwrap();
    let mut service = TelemetryLayer::new().layer(Answer(|_| answer(200, Full::<Bytes>::from("hello"))));
    let response = service.call(get("/")).await.unwrap();
    assert_eq!((response.status(), response.headers().len()), (StatusCode::OK, 0));
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "hello");
    assert!(scope.spans().is_empty());
}

const fn site(name: &'static str) -> telemetry_core::CallSite {
    telemetry_core::CallSite::new(telemetry_core::Site {
        name,
        kind: SpanKind::Internal,
        keys: &[],
        constants: &[],
        origin: &telemetry_core::Origin {
            crate_name: "server",
            crate_version: "0.0.0",
            module: "server",
            file: "server.rs",
        },
        line: 1,
    })
}

/// So many one-byte frames, with some work before each and before the end.
struct Chunks<F>(usize, F);

impl<F: Fn() + Unpin> Body for Chunks<F> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        (self.1)();
        if self.0 == 0 {
            return Poll::Ready(None);
        }
        self.0 -= 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"x")))))
    }
}
