//! The future of a recorded request: the work up to the response's head.

use std::any::type_name;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;

use super::body::ResponseBody;
use super::exchange::{End, Extent};
use super::inside::Inside;
use super::running::Running;

pin_project! {
    /// Polls the inner service inside the request's span. Dropped before it is ready, the request was cancelled.
    #[derive(Debug)]
    #[must_use = "a future does nothing unless it is polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        pub(super) inner: F,
        // Nothing once the request has gone on to the body, or has ended.
        pub(super) running: Running,
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: http_body::Body,
{
    type Output = Result<Response<ResponseBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(exchange) = this.running.exchange() else {
            let response = ready!(this.inner.poll(cx))?;
            return Poll::Ready(Ok(response.map(ResponseBody::unrecorded)));
        };
        let inside = Inside::enter(exchange);
        let mut polled = this.inner.poll(cx);
        let extent = match &polled {
            Poll::Ready(Ok(response)) => Extent::of(response.body()),
            _ => Extent::default(),
        };
        inside.leave();
        // In its place until it goes on: responses are large.
        let end = match &mut polled {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(response)) => exchange.respond(response, extent),
            Poll::Ready(Err(_)) => Some(End::Failed(type_name::<E>())),
        };
        let mut running = this.running.take();
        if let Some(end) = end {
            running = running.ended(end);
        }
        polled.map_ok(|response| response.map(|inner| ResponseBody { inner, running }))
    }
}
