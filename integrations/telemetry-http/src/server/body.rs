//! The body of a recorded response: when it ends, so does the request.

use std::any::type_name;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::exchange::End;
use super::inside::Inside;
use super::running::Running;

pin_project! {
    /// Passes the frames on and ends the request after the last one. Dropped before that, the request was
    /// cancelled: a server drops the body of a request whose client has gone.
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        pub(super) inner: B,
        // Nothing once the request has ended.
        pub(super) running: Running,
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
        Self { inner, running: Running::NOTHING }
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
        let Some(exchange) = this.running.exchange() else { return this.inner.poll_frame(cx) };
        let inside = Inside::enter(exchange);
        let polled = this.inner.as_mut().poll_frame(cx);
        let (bytes, is_last) = match &polled {
            // A server that sees the end coming does not ask for it, and nothing comes after trailers.
            Poll::Ready(Some(Ok(frame))) => (
                frame.data_ref().map_or(0, Buf::remaining),
                frame.is_trailers() || this.inner.is_end_stream(),
            ),
            _ => (0, false),
        };
        inside.leave();
        let end = match &polled {
            Poll::Pending => None,
            Poll::Ready(None) => Some(End::Completed),
            Poll::Ready(Some(Err(_))) => Some(End::Failed(type_name::<B::Error>())),
            Poll::Ready(Some(Ok(frame))) => {
                exchange.sent(frame, bytes);
                is_last.then_some(End::Completed)
            }
        };
        if let Some(end) = end {
            *this.running = this.running.take().ended(end);
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
