//! Layers that record nothing: what any layer costs in axum.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use tower_layer::Layer;
use tower_service::Service;

/// A layer that passes everything on: axum puts services and futures into boxes around it.
#[derive(Clone, Copy)]
pub(crate) struct Nothing;

impl<S> Layer<S> for Nothing {
    type Service = Passing<S>;

    fn layer(&self, inner: S) -> Passing<S> {
        Passing(inner)
    }
}

/// The service of [`Nothing`].
#[derive(Clone)]
pub(crate) struct Passing<S>(S);

impl<S: Service<Request<Body>>> Service<Request<Body>> for Passing<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> S::Future {
        self.0.call(request)
    }
}

/// A layer whose responses have a body of another type, which passes everything on: axum puts that into a box too.
#[derive(Clone, Copy)]
pub(crate) struct OtherBody;

impl<S> Layer<S> for OtherBody {
    type Service = Wrapping<S>;

    fn layer(&self, inner: S) -> Wrapping<S> {
        Wrapping(inner)
    }
}

/// The service of [`OtherBody`].
#[derive(Clone)]
pub(crate) struct Wrapping<S>(S);

impl<S: Service<Request<Body>, Response = Response<Body>, Future: Unpin>> Service<Request<Body>>
    for Wrapping<S>
{
    type Response = Response<Wrapped>;
    type Error = S::Error;
    type Future = WrappingFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> WrappingFuture<S::Future> {
        WrappingFuture(self.0.call(request))
    }
}

/// The future of [`Wrapping`].
pub(crate) struct WrappingFuture<F>(F);

impl<F: Future<Output = Result<Response<Body>, E>> + Unpin, E> Future for WrappingFuture<F> {
    type Output = Result<Response<Wrapped>, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let response = ready!(Pin::new(&mut self.0).poll(cx))?;
        Poll::Ready(Ok(response.map(Wrapped)))
    }
}

/// The body of [`Wrapping`].
pub(crate) struct Wrapped(Body);

impl http_body::Body for Wrapped {
    type Data = <Body as http_body::Body>::Data;
    type Error = <Body as http_body::Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}
