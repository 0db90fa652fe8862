//! How requests end that end otherwise than most: in the middle of a body, with trailers, as a tunnel.
#![allow(missing_docs)]

use std::convert::Infallible;
use std::future::ready;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body::{Body, Frame};
use http_body_util::channel::Channel;
use http_body_util::{BodyExt, Full, StreamBody};
use telemetry_core::record::Value;
use telemetry_core::testing::Scope;
use telemetry_core::testing::assertions::Assertions;
use telemetry_core::{NeverSample, Outcome, Span, Status};
use telemetry_http::{RequestSpan, TelemetryLayer};
use tower_layer::Layer;
use tower_service::Service;

#[path = "support/driven.rs"]
mod driven;
mod support;
use driven::{cx, only};
use support::Answer;

fn request(method: Method) -> Request<Full<Bytes>> {
    Request::builder().method(method).uri("/books").body(Full::default()).unwrap()
}

/// It is counted once, under the status that was sent, and measured once.
#[track_caller]
fn assert_counted(scope: &Scope, method: &str, status: &str) {
    scope.assert_metric_value("http_requests_total", &[("method", method), ("status", status)], 1);
    scope.assert_metric_value("http_request_duration_seconds_count", &[("method", method)], 1);
    scope.assert_metric_value("http_requests_in_flight", &[], 0);
}

/// A body that panics when it is asked for its second frame.
struct Falling(bool);

impl Body for Falling {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        assert!(!self.0, "the shelf fell");
        self.0 = true;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"x")))))
    }
}

#[tokio::test]
async fn a_body_that_panics_has_panicked_whoever_keeps_it() {
    let scope = Scope::new();
    let mut service =
        TelemetryLayer::new().layer(Answer(|_| ready(Ok::<_, Infallible>(Response::new(Falling(false))))));
    let mut body = Box::pin(service.call(request(Method::GET)).await.unwrap().into_body());
    assert!(body.as_mut().poll_frame(&mut cx()).is_ready());
    assert!(scope.spans().is_empty());
    let poll = AssertUnwindSafe(|| body.as_mut().poll_frame(&mut cx()).is_ready());
    let payload = catch_unwind(poll).unwrap_err();
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"the shelf fell"), "it is passed on");
    // Before the body is dropped.
    let span = only(&scope);
    assert_eq!((span.outcome, span.status), (Outcome::Panicked, Status::Error));
    assert_eq!(span.attribute("error.type"), Some(&Value::Str("panic".into())));
    assert_eq!(span.attribute("error.message"), Some(&Value::Str("the shelf fell".into())));
    assert_eq!(span.attribute("http.status_code"), Some(&Value::U64(200)));
    assert_counted(&scope, "GET", "200");
    assert!(RequestSpan::current().is_none() && Span::current().context().is_none());
    drop(body);
    assert_eq!(scope.spans().len(), 1);
}

#[tokio::test]
async fn a_body_that_is_left_or_breaks_off_counts_under_the_status_that_was_sent() {
    for breaks_off in [false, true] {
        let scope = Scope::new();
        let (mut sender, body) = Channel::<Bytes, std::io::Error>::new(4);
        let mut body = Some(Response::builder().status(206).body(body).unwrap());
        let mut service =
            TelemetryLayer::new().layer(Answer(|_| ready(Ok::<_, Infallible>(body.take().unwrap()))));
        let mut body = service.call(request(Method::GET)).await.unwrap().into_body();
        sender.send_data(Bytes::from("one")).await.unwrap();
        body.frame().await.unwrap().unwrap();
        scope.assert_metric_value("http_requests_in_flight", &[], 1);
        if breaks_off {
            sender.abort(std::io::Error::other("torn"));
            assert_eq!(body.frame().await.unwrap().unwrap_err().to_string(), "torn");
        }
        drop(body);
        let outcome = if breaks_off { Outcome::Failed } else { Outcome::Cancelled };
        assert_eq!(only(&scope).outcome, outcome);
        assert_eq!(only(&scope).attribute("http.response_content_length"), Some(&Value::U64(3)));
        assert_counted(&scope, "GET", "206");
    }
}

#[tokio::test]
async fn trailers_are_passed_on_and_are_the_end() {
    let scope = Scope::new();
    let trailers = HeaderMap::from_iter([("checksum".parse().unwrap(), HeaderValue::from_static("7"))]);
    let frames = vec![Ok::<_, Infallible>(Frame::data(Bytes::from("abc"))), Ok(Frame::trailers(trailers))];
    let mut body = Some(StreamBody::new(tokio_stream::iter(frames)));
    let mut service = TelemetryLayer::new()
        .layer(Answer(|_| ready(Ok::<_, Infallible>(Response::new(body.take().unwrap())))));
    let mut body = service.call(request(Method::GET)).await.unwrap().into_body();
    assert!(body.frame().await.unwrap().unwrap().is_data());
    assert!(scope.spans().is_empty());
    let last = body.frame().await.unwrap().unwrap();
    assert_eq!(last.trailers_ref().unwrap()["checksum"], "7");
    // Before anybody asks what comes after them.
    let span = only(&scope);
    assert_eq!((span.outcome, span.status), (Outcome::Completed, Status::Unset));
    assert_eq!(span.attribute("http.response_content_length"), Some(&Value::U64(3)));
    assert!(body.frame().await.is_none());
    assert_counted(&scope, "GET", "200");
}

#[tokio::test]
async fn a_tunnel_is_complete_with_its_head_and_a_refused_one_with_its_body() {
    for (status, outcome) in [
        (200, Outcome::Completed),
        (204, Outcome::Completed),
        (101, Outcome::Completed),
        (407, Outcome::Cancelled),
    ] {
        let scope = Scope::new();
        let (_sender, body) = Channel::<Bytes, Infallible>::new(4);
        let mut answer = Some(Response::builder().status(status).body(body).unwrap());
        let mut service =
            TelemetryLayer::new().layer(Answer(|_| ready(Ok::<_, Infallible>(answer.take().unwrap()))));
        // The server takes the connection for itself, and never asks for the body.
        drop(service.call(request(Method::CONNECT)).await.unwrap());
        assert_eq!(only(&scope).outcome, outcome, "{status}");
        assert_counted(&scope, "CONNECT", &status.to_string());
    }
}

#[tokio::test]
async fn a_request_that_is_not_recorded_is_named_with_its_decision_and_counted() {
    const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";
    let scope = Scope::builder().sampler(NeverSample).enter().unwrap();
    for (inbound, same_trace, flags) in [("01", true, "-00"), ("03", true, "-02"), ("", false, "-02")] {
        let mut sent = HeaderMap::new();
        let mut service = TelemetryLayer::new().layer(Answer(|_| {
            telemetry_http::inject(&mut sent);
            ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("x"))))
        }));
        let mut request = request(Method::GET);
        if !inbound.is_empty() {
            request.headers_mut().insert("traceparent", format!("{CALLER}-{inbound}").parse().unwrap());
        }
        let response = service.call(request).await.unwrap();
        drop(service);
        for headers in [response.headers(), &sent] {
            let named = headers["traceparent"].to_str().unwrap();
            assert_eq!((named.starts_with(&CALLER[..35]), &named[52..]), (same_trace, flags), "{named}");
        }
        response.into_body().collect().await.unwrap();
    }
    assert!(scope.spans().is_empty());
    scope.assert_metric_value("http_requests_total", &[("method", "GET"), ("status", "200")], 3);
    scope.assert_metric_value("http_requests_in_flight", &[], 0);
}
