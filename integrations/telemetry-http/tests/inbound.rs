//! What becomes of a `traceparent` that a request brings.
#![allow(missing_docs)]

use std::convert::Infallible;
use std::future::{Ready, ready};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use telemetry_core::testing::Scope;
use telemetry_http::TelemetryLayer;
use tower_layer::Layer;
use tower_service::Service;

const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[derive(Clone)]
struct Empties;

impl Service<Request<Empty<Bytes>>> for Empties {
    type Response = Response<Empty<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Empty<Bytes>>) -> Self::Future {
        ready(Ok(Response::new(Empty::new())))
    }
}

/// The trace of a request that came with `CALLER`.
async fn trace_of_a_request(layer: TelemetryLayer) -> String {
    let scope = Scope::new();
    let request = Request::get("/").header("traceparent", CALLER).body(Empty::new()).unwrap();
    drop(layer.layer(Empties).call(request).await);
    scope.spans()[0].trace_id.to_string()
}

#[tokio::test]
async fn a_trusted_caller_is_continued() {
    assert_eq!(trace_of_a_request(TelemetryLayer::new()).await, CALLER[3..35]);
}

#[tokio::test]
async fn a_caller_that_is_not_trusted_begins_no_trace_of_ours() {
    let layer = TelemetryLayer::new().extract_traceparent(false);
    assert_ne!(trace_of_a_request(layer).await, CALLER[3..35]);
}
