//! The layer around clients made of tower services.

use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::call::{begin, end};
use super::span::Sent;
use crate::conventions::Conventions;

/// Opens a client span around every request of a client, and names it in the request's headers; see
/// [`call`](crate::call).
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
    conventions: Conventions,
}

impl ClientLayer {
    /// A layer that describes requests by the old names.
    pub const fn new() -> Self {
        Self { conventions: Conventions::Old }
    }

    /// By which names spans describe requests.
    #[must_use]
    pub const fn conventions(self, conventions: Conventions) -> Self {
        Self { conventions }
    }
}

impl<S> Layer<S> for ClientLayer {
    type Service = ClientService<S>;

    fn layer(&self, inner: S) -> ClientService<S> {
        ClientService { inner, conventions: self.conventions }
    }
}

/// A client whose requests are recorded: made by [`ClientLayer`].
#[derive(Clone, Copy, Debug)]
pub struct ClientService<S> {
    inner: S,
    conventions: Conventions,
}

impl<S, Q, R> Service<Request<Q>> for ClientService<S>
where
    S: Service<Request<Q>, Response = Response<R>>,
    S::Error: Display,
    Q: http_body::Body,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ClientFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Q>) -> Self::Future {
        let mut sent = begin(self.conventions, &mut request);
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
    E: Display,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // A panic in the poll ends the span with it.
        let Some(mut sent) = this.sent.take() else { return this.inner.poll(cx) };
        let polled = sent.span().in_scope(|| this.inner.poll(cx));
        if polled.is_pending() {
            *this.sent = Some(sent);
            return Poll::Pending;
        }
        let result = ready!(polled);
        end(sent, &result);
        Poll::Ready(result)
    }
}
