//! The layer around clients made of tower services.

use std::any::type_name;
use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use telemetry_core::propagate::Propagators;
use tower_layer::Layer;
use tower_service::Service;

use super::body::CallBody;
use super::call::begin;
use super::span::{Sent, Style};
use crate::conventions::Conventions;
use crate::grpc;

/// Opens a client span around every request of a client, and names it in the request's headers; see
/// [`call`](crate::call). The client is a tower service, such as one of hyper's or a channel of tonic's, or with the
/// feature `reqwest` a `reqwest::Client`.
///
/// A gRPC call says how it went when it is over, so its span lasts until then, and `rpc.grpc.status_code` is the
/// status; each but 0 is an error.
///
/// Put it inside a layer that retries, and every attempt has a span of its own; [`Resend`](super::Resend) numbers them.
///
/// # Examples
/// ```
/// use telemetry_http::ClientLayer;
/// use tower_layer::Layer;
/// # #[derive(Clone)] struct HyperClient;
/// let client = ClientLayer::new().layer(HyperClient);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ClientLayer {
    style: Style,
}

impl ClientLayer {
    /// A layer that describes requests by the old names.
    pub const fn new() -> Self {
        Self { style: Style { conventions: Conventions::Old, propagators: None } }
    }

    /// By which names spans describe requests.
    #[must_use]
    pub const fn conventions(mut self, conventions: Conventions) -> Self {
        self.style.conventions = conventions;
        self
    }

    /// By which headers requests name their spans and send baggage; those of the process where nothing is said. A client
    /// of hosts that must not see the baggage has its own here, without
    /// [`BAGGAGE`](telemetry_core::propagate::Propagators::BAGGAGE).
    #[must_use]
    pub const fn propagators(mut self, propagators: Propagators) -> Self {
        self.style.propagators = Some(propagators);
        self
    }
}

impl<S> Layer<S> for ClientLayer {
    type Service = ClientService<S>;

    fn layer(&self, inner: S) -> ClientService<S> {
        ClientService { inner, style: self.style }
    }
}

/// A client whose requests are recorded: made by [`ClientLayer`].
#[derive(Clone, Copy, Debug)]
pub struct ClientService<S> {
    pub(super) inner: S,
    pub(super) style: Style,
}

impl<S, Q, R> Service<Request<Q>> for ClientService<S>
where
    S: Service<Request<Q>, Response = Response<R>>,
    S::Error: Display,
    Q: Body,
    R: Body,
    R::Error: Display,
{
    type Response = Response<CallBody<R>>;
    type Error = S::Error;
    type Future = ClientFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Q>) -> Self::Future {
        let mut sent = begin(self.style, &mut request);
        let inner = sent.span().in_scope(|| self.inner.call(request));
        ClientFuture { inner, sent: Some(sent) }
    }
}

pin_project! {
    /// Polls the inner client inside the request's span. Dropped before it is ready, the request was cancelled.
    #[derive(Debug)]
    #[must_use = "a future does nothing unless it is polled"]
    pub struct ClientFuture<F> {
        #[pin]
        inner: F,
        sent: Option<Sent>,
    }
}

impl<F, R, E> Future for ClientFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body,
    R::Error: Display,
    E: Display,
{
    type Output = Result<Response<CallBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (result, mut sent) = ready!(Sent::poll(this.sent, this.inner, cx));
        Poll::Ready(match result {
            Ok(response) => {
                if let Some(sent) = &mut sent {
                    sent.answered(response.status(), response.headers());
                }
                let goes_on = grpc::is_head(response.headers());
                Ok(response.map(|body| CallBody::new(body, sent, goes_on)))
            }
            Err(failure) => {
                if let Some(sent) = sent {
                    sent.failed(type_name::<E>(), &failure);
                }
                Err(failure)
            }
        })
    }
}
