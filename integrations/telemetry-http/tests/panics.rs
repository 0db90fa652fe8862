//! Hooks and bodies that panic: each a panic of its request's, which is recorded, counted, and nobody else's.
#![allow(missing_docs)]

use std::borrow::Cow;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{Full, StreamBody};
use telemetry_core::testing::Scope;
use telemetry_core::testing::assertions::Assertions;
use telemetry_core::{Decision, Outcome, Span};
use telemetry_http::{Hooks, Inbound, RequestHead, RequestSpan, ResponseHead, TelemetryLayer};
use tower_layer::Layer;
use tower_service::Service;

mod support;
use support::Answer;

/// Panics in the hook of this name.
struct Panicking(&'static str);

impl Panicking {
    fn at(&self, hook: &str) {
        assert!(self.0 != hook, "spilled ink");
    }
}

impl Hooks for Panicking {
    fn name(&self, _: &RequestHead<'_>) -> Option<Cow<'static, str>> {
        self.at("name");
        None
    }

    fn inbound(&self, _: &RequestHead<'_>) -> Option<Inbound> {
        self.at("inbound");
        None
    }

    fn sample(&self, _: &RequestHead<'_>) -> Option<Decision> {
        self.at("sample");
        None
    }

    fn request(&self, _: &RequestHead<'_>, _: Span) {
        self.at("request");
    }

    fn response(&self, _: &ResponseHead<'_>, _: Span) {
        self.at("response");
    }

    fn chunk(&self, _: usize, _: Span) {
        self.at("chunk");
    }

    fn failure(&self, _: &'static str, _: Duration, _: Span) {
        self.at("failure");
    }
}

type Broken = StreamBody<tokio_stream::Iter<std::vec::IntoIter<Result<Frame<Bytes>, std::fmt::Error>>>>;

/// A body that breaks off after its first piece.
fn broken(_: Request<Full<Bytes>>) -> Ready<Result<Response<Broken>, std::fmt::Error>> {
    let frames = vec![Ok(Frame::data(Bytes::from_static(b"a"))), Err(std::fmt::Error)];
    ready(Ok(Response::new(StreamBody::new(tokio_stream::iter(frames)))))
}

/// Serves a request until something panics. The body outlives the panic, as where it is caught and kept.
fn serve(layer: &TelemetryLayer) -> bool {
    let mut service = layer.layer(Answer(broken));
    let mut cx = Context::from_waker(Waker::noop());
    let answered =
        catch_unwind(AssertUnwindSafe(|| pin!(service.call(Request::new(Full::default()))).poll(&mut cx)));
    let Ok(Poll::Ready(Ok(response))) = answered else { return true };
    let mut body = pin!(response.into_body());
    let read =
        catch_unwind(AssertUnwindSafe(
            || {
                while let Poll::Ready(Some(_)) = body.as_mut().poll_frame(&mut cx) {}
            },
        ));
    read.is_err()
}

#[test]
fn a_hook_that_panics_is_a_panic_of_its_request() {
    for (hook, has_span, status) in [
        ("name", false, "500"),
        ("inbound", false, "500"),
        ("sample", false, "500"),
        ("request", true, "500"),
        ("response", true, "200"),
        ("chunk", true, "200"),
        ("failure", true, "200"),
    ] {
        let scope = Scope::new();
        assert!(serve(&TelemetryLayer::new().hooks(Panicking(hook))), "{hook}");
        let outcomes: Vec<_> = scope.spans().iter().map(|span| span.outcome).collect();
        assert_eq!(outcomes, vec![Outcome::Panicked; usize::from(has_span)], "{hook}: {}", scope.tree());
        scope.assert_metric_value("http_requests_total", &[("method", "GET"), ("status", status)], 1);
        scope.assert_metric_value("http_requests_in_flight", &[], 0);
        assert!(RequestSpan::current().is_none() && Span::current().context().is_none(), "{hook}");
    }
    let scope = Scope::new();
    assert!(!serve(&TelemetryLayer::new().hooks(Panicking("none"))));
    assert_eq!(scope.spans()[0].outcome, Outcome::Failed);
}

/// A body that panics when it is asked for this: whether it is over, before or after a frame, how long it is, or how long
/// a frame is.
struct Unruly {
    question: &'static str,
    has_sent: bool,
}

impl Unruly {
    fn at(&self, question: &str) {
        assert!(self.question != question, "spilled ink");
    }
}

/// The piece of an [`Unruly`] body.
struct Piece(&'static str);

impl Buf for Piece {
    fn remaining(&self) -> usize {
        assert!(self.0 != "bytes", "spilled ink");
        1
    }

    fn chunk(&self) -> &[u8] {
        b"a"
    }

    fn advance(&mut self, _: usize) {}
}

impl Body for Unruly {
    type Data = Piece;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Piece>, Infallible>>> {
        self.has_sent = true;
        Poll::Ready(Some(Ok(Frame::data(Piece(self.question)))))
    }

    fn is_end_stream(&self) -> bool {
        self.at(if self.has_sent { "end after a frame" } else { "end" });
        false
    }

    fn size_hint(&self) -> SizeHint {
        self.at("length");
        SizeHint::default()
    }
}

#[test]
fn a_body_that_panics_when_it_is_asked_ends_its_request_whoever_keeps_it() {
    for (question, status) in
        [("end", "500"), ("length", "500"), ("bytes", "200"), ("end after a frame", "200")]
    {
        let scope = Scope::new();
        let mut service = TelemetryLayer::new().layer(Answer(move |_: Request<Full<Bytes>>| {
            ready(Ok::<_, Infallible>(Response::new(Unruly { question, has_sent: false })))
        }));
        let mut cx = Context::from_waker(Waker::noop());
        let mut future = pin!(service.call(Request::new(Full::default())));
        let answered = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut cx)));
        let mut body = None;
        if let Ok(Poll::Ready(Ok(response))) = answered {
            let body = body.insert(Box::pin(response.into_body()));
            let read = catch_unwind(AssertUnwindSafe(|| body.as_mut().poll_frame(&mut cx).is_ready()));
            assert!(read.is_err(), "{question}");
        }
        // The future and the body are still there.
        let outcomes: Vec<_> = scope.spans().iter().map(|span| span.outcome).collect();
        assert_eq!(outcomes, [Outcome::Panicked], "{question}");
        scope.assert_metric_value("http_requests_total", &[("method", "GET"), ("status", status)], 1);
        scope.assert_metric_value("http_requests_in_flight", &[], 0);
        drop(body);
        assert_eq!(scope.spans().len(), 1, "{question}");
    }
}
