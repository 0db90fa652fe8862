//! The future of a recorded request: the work up to the response's head.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;

use crate::body::ResponseBody;
use crate::exchange::{End, Exchange};

pin_project! {
    /// Polls the inner service inside the request's span. Dropped before it is ready, the request was cancelled.
    #[must_use = "a future does nothing unless it is polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        // None once the exchange has gone on to the body, or has ended.
        exchange: Option<Exchange>,
    }
}

impl<F> ResponseFuture<F> {
    pub(crate) fn new(inner: F, exchange: Exchange) -> Self {
        Self { inner, exchange: Some(exchange) }
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
        let result = match this.exchange.as_mut() {
            Some(exchange) => ready!(exchange.enter(|| this.inner.poll(cx))),
            // Polled again after it was ready: the inner future says what it thinks of that.
            None => ready!(this.inner.poll(cx)),
        };
        let mut exchange = this.exchange.take();
        match result {
            Ok(mut response) => {
                if let Some(exchange) = &mut exchange {
                    exchange.respond(&mut response);
                }
                Poll::Ready(Ok(response.map(|body| ResponseBody::new(body, exchange))))
            }
            Err(failure) => {
                if let Some(exchange) = exchange {
                    exchange.end(End::Failed);
                }
                Poll::Ready(Err(failure))
            }
        }
    }
}
