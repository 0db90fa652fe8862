//! The layer, and the service it makes.

use std::task::{Context, Poll};

use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use crate::body::ResponseBody;
use crate::exchange::Exchange;
use crate::future::ResponseFuture;

/// Records every request of a service: a span from the request to the end of the response's body, and the metrics.
#[derive(Clone, Copy, Debug)]
pub struct TelemetryLayer {
    inbound: Inbound,
}

/// What becomes of a `traceparent` that a request brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inbound {
    /// The request's span continues that trace.
    Continue,
    /// The request's span begins a trace.
    Ignore,
}

impl TelemetryLayer {
    /// A layer that records to the process's pipeline and continues the traces of its callers.
    pub const fn new() -> Self {
        Self { inbound: Inbound::Continue }
    }

    /// Whether a request continues the trace its `traceparent` names (so by default), or begins one of its own: for
    /// services whose callers are not to be trusted.
    #[must_use]
    pub const fn extract_traceparent(self, extract: bool) -> Self {
        Self { inbound: if extract { Inbound::Continue } else { Inbound::Ignore } }
    }
}

impl Default for TelemetryLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for TelemetryLayer {
    type Service = TelemetryService<S>;

    fn layer(&self, inner: S) -> TelemetryService<S> {
        TelemetryService { inner, inbound: self.inbound }
    }
}

/// A service whose requests are recorded: made by [`TelemetryLayer`].
#[derive(Clone, Copy, Debug)]
pub struct TelemetryService<S> {
    inner: S,
    inbound: Inbound,
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
        let mut exchange = Some(Exchange::begin(&request, self.inbound));
        let inner = Exchange::within(&mut exchange, || self.inner.call(request));
        ResponseFuture::new(inner, exchange)
    }
}
