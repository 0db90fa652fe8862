//! The future of a recorded request: the work up to the response's head.

use std::any::type_name;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;

use super::body::ResponseBody;
use super::exchange::End;
use super::running::Running;

pin_project! {
    /// Polls the inner service inside the request's span. Dropped before it is ready, the request was cancelled.
    #[derive(Debug)]
    #[must_use = "a future does nothing unless it is polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        // None once the request has gone on to the body, or has ended.
        running: Option<Running>,
    }
}

impl<F> ResponseFuture<F> {
    pub(crate) fn new(inner: F, running: Option<Running>) -> Self {
        Self { inner, running }
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
        if this.running.is_none() {
            let response = ready!(this.inner.poll(cx))?;
            return Poll::Ready(Ok(response.map(ResponseBody::unrecorded)));
        }
        let result = ready!(Running::within(this.running, || this.inner.poll(cx)));
        let mut running = this.running.take();
        match result {
            Ok(mut response) => {
                Running::note(&mut running, |exchange| exchange.respond(&mut response));
                Poll::Ready(Ok(response.map(|body| ResponseBody::new(body, running))))
            }
            Err(failure) => {
                if let Some(running) = running {
                    running.end(End::Failed(type_name::<E>()));
                }
                Poll::Ready(Err(failure))
            }
        }
    }
}
