//! The layer, and the service it makes.

use std::task::{Context, Poll};

use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use crate::body::ResponseBody;
use crate::exchange::Exchange;
use crate::future::ResponseFuture;

/// Records every request of a service: a span from the request to the end of the response's body, and the metrics.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TelemetryLayer {}

impl TelemetryLayer {
    /// A layer that records to the process's pipeline.
    pub const fn new() -> Self {
        Self {}
    }
}

impl<S> Layer<S> for TelemetryLayer {
    type Service = TelemetryService<S>;

    fn layer(&self, inner: S) -> TelemetryService<S> {
        TelemetryService { inner }
    }
}

/// A service whose requests are recorded: made by [`TelemetryLayer`].
#[derive(Clone, Copy, Debug)]
pub struct TelemetryService<S> {
    inner: S,
}

impl<S, Q, R> Service<Request<Q>> for TelemetryService<S>
where
    S: Service<Request<Q>, Response = Response<R>>,
    Q: http_body::Body,
    R: http_body::Body,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let mut exchange = Some(Exchange::begin(&request));
        let inner = Exchange::within(&mut exchange, || self.inner.call(request));
        ResponseFuture::new(inner, exchange)
    }
}
