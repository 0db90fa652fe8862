//! The body of a recorded response: when it ends, so does the request.

use std::any::type_name;
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::exchange::End;
use super::running::Running;

pin_project! {
    /// Passes the frames on and ends the request after the last one. Dropped before that, the request was
    /// cancelled: a server drops the body of a request whose client has gone.
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        inner: B,
        // None once the request has ended.
        running: Option<Running>,
    }
}

/// The body of a response that nobody was asked for: what a layer such as `tower-http`'s timeout answers with.
impl<B: Default> Default for ResponseBody<B> {
    fn default() -> Self {
        Self::unrecorded(B::default())
    }
}

impl<B> ResponseBody<B> {
    /// The body of a response that is not recorded, or no more.
    pub(crate) const fn unrecorded(inner: B) -> Self {
        Self { inner, running: None }
    }
}

impl<B: Body> ResponseBody<B> {
    pub(crate) fn new(inner: B, running: Option<Running>) -> Self {
        let mut body = Self { inner, running };
        body.settle_if_empty();
        body
    }

    /// Ends the request at once when the server will not ask for the body: there is none, or none is sent.
    fn settle_if_empty(&mut self) {
        let inner = &self.inner;
        let is_over = |running: &mut Running| {
            inner.is_end_stream() || running.exchange().is_some_and(|exchange| exchange.sends_no_body())
        };
        if let Some(running) = self.running.take_if(is_over) {
            running.end(End::Completed);
        }
    }
}

impl<B: Body> Body for ResponseBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        if this.running.is_none() {
            return this.inner.poll_frame(cx);
        }
        let polled = Running::within(this.running, || this.inner.as_mut().poll_frame(cx));
        let end = match &polled {
            Poll::Pending => None,
            Poll::Ready(None) => Some(End::Completed),
            Poll::Ready(Some(Err(_))) => Some(End::Failed(type_name::<B::Error>())),
            Poll::Ready(Some(Ok(frame))) => {
                Running::note(this.running, |exchange| exchange.sent(frame));
                // A server that sees the end coming does not ask for it, and nothing comes after trailers.
                (frame.is_trailers() || this.inner.is_end_stream()).then_some(End::Completed)
            }
        };
        if let Some((end, running)) = end.and_then(|end| Some((end, this.running.take()?))) {
            running.end(end);
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
