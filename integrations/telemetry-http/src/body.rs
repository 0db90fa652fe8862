//! The body of a recorded response: when it ends, so does the request.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::exchange::{End, Exchange};

pin_project! {
    /// Passes the frames on and ends the request after the last one. Dropped before that, the request was cancelled.
    pub struct ResponseBody<B> {
        #[pin]
        inner: B,
        // None once the request has ended.
        exchange: Option<Exchange>,
    }

    impl<B> PinnedDrop for ResponseBody<B> {
        fn drop(this: Pin<&mut Self>) {
            // A server drops the body of a request whose client has gone, and the exchange notes that by itself.
            drop(this.project().exchange.take());
        }
    }
}

impl<B: Body> ResponseBody<B> {
    pub(crate) fn new(inner: B, exchange: Option<Exchange>) -> Self {
        let mut body = Self { inner, exchange };
        body.settle_if_empty();
        body
    }

    /// Ends the request at once when the server will not ask for the body: there is none, or none is sent.
    fn settle_if_empty(&mut self) {
        let no_body = self.inner.is_end_stream();
        if let Some(exchange) = self.exchange.take_if(|exchange| no_body || exchange.sends_no_body()) {
            exchange.end(End::Completed);
        }
    }
}

impl<B> Body for ResponseBody<B>
where
    B: Body,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let Some(exchange) = this.exchange.as_mut() else { return this.inner.poll_frame(cx) };
        let polled = exchange.enter(|| this.inner.as_mut().poll_frame(cx));
        let end = match &polled {
            Poll::Pending => None,
            Poll::Ready(None) => Some(End::Completed),
            Poll::Ready(Some(Err(_))) => Some(End::Failed),
            // A server that sees the end coming does not ask again.
            Poll::Ready(Some(Ok(_))) if this.inner.is_end_stream() => Some(End::Completed),
            Poll::Ready(Some(Ok(frame))) => {
                exchange.sent(frame);
                None
            }
        };
        if let Some((end, exchange)) = end.and_then(|end| Some((end, this.exchange.take()?))) {
            exchange.end(end);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
