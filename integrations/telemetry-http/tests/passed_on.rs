//! The context of a caller, which requests that are excluded pass on.
#![allow(missing_docs)]

use std::convert::Infallible;
use std::future::ready;
use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Waker};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use telemetry_core::testing::Scope;
use telemetry_core::{Span, TraceId};
use telemetry_http::TelemetryLayer;
use tower_layer::Layer;
use tower_service::Service;

mod support;
use support::Answer;

fn excluding() -> TelemetryLayer {
    TelemetryLayer::new().exclude("^/health$").unwrap()
}

/// An excluded request from the span of this number, in the trace of that one.
fn request(trace: u32, span: u32) -> Request<Full<Bytes>> {
    Request::get("/health")
        .header("traceparent", format!("00-{trace:032x}-{span:016x}-01"))
        .body(Full::default())
        .unwrap()
}

fn empty() -> Response<Full<Bytes>> {
    Response::new(Full::default())
}

#[tokio::test]
async fn a_caller_with_the_span_identifier_of_another_is_of_its_own_trace() {
    let _scope = Scope::new();
    let (tell, told) = mpsc::channel();
    let current = || Span::current().context().map(|span| span.trace_id);
    let mut service = excluding().layer(Answer(move |_: Request<Full<Bytes>>| {
        let tell_inside = tell.clone();
        let mut inner = excluding().layer(Answer(move |_: Request<Full<Bytes>>| {
            tell_inside.send(current()).unwrap();
            ready(Ok::<_, Infallible>(empty()))
        }));
        tell.send(current()).unwrap();
        drop(inner.call(request(2, 1)));
        tell.send(current()).unwrap();
        ready(Ok::<_, Infallible>(empty()))
    }));
    service.call(request(1, 1)).await.unwrap();
    drop(service);
    assert_eq!(told.into_iter().collect::<Vec<_>>(), [1, 2, 1].map(TraceId::new));
}

#[test]
fn a_request_that_outlives_its_scope_records_nothing_in_another() {
    let first = Scope::new();
    let mut service = excluding().layer(Answer(|_: Request<Full<Bytes>>| async {
        let mut inner = TelemetryLayer::new()
            .layer(Answer(|_: Request<Full<Bytes>>| ready(Ok::<_, Infallible>(empty()))));
        inner.call(Request::new(Full::default())).await
    }));
    let future = service.call(request(1, 1));
    drop(first);
    let second = Scope::new();
    std::thread::spawn(move || {
        assert!(pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_ready());
    })
    .join()
    .unwrap();
    assert_eq!(second.spans().len(), 0, "{}", second.tree());
}
