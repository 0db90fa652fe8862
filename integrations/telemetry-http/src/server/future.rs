//! The future of a recorded request: the work up to the response's head.

use std::any::type_name;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;

use super::body::ResponseBody;
use super::exchange::{End, Exchange};

pin_project! {
    /// Polls the inner service inside the request's span. Dropped before it is ready, the request was cancelled.
    #[derive(Debug)]
    #[must_use = "a future does nothing unless it is polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        // None once the exchange has gone on to the body, or has ended.
        exchange: Option<Exchange>,
    }
}

impl<F> ResponseFuture<F> {
    pub(crate) fn new(inner: F, exchange: Option<Exchange>) -> Self {
        Self { inner, exchange }
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
        let result = ready!(Exchange::within(this.exchange, || this.inner.poll(cx)));
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
                    exchange.end(End::Failed(type_name::<E>()));
                }
                Poll::Ready(Err(failure))
            }
        }
    }
}
