//! The body of an answer: where it is a gRPC call's, it says at its end how the call went.

use std::any::type_name;
use std::fmt::Display;
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::span::Sent;

pin_project! {
    /// Passes the frames on. Dropped before the last one of a gRPC call, the call was cancelled.
    #[derive(Debug)]
    pub struct CallBody<B> {
        #[pin]
        inner: B,
        // None once the span has ended: with the head, unless it is a gRPC call.
        sent: Option<Sent>,
    }
}

/// The body of an answer that a layer gives in the client's stead.
impl<B: Default> Default for CallBody<B> {
    fn default() -> Self {
        Self { inner: B::default(), sent: None }
    }
}

impl<B: Body> CallBody<B> {
    pub(super) fn new(inner: B, mut sent: Option<Sent>, goes_on: bool) -> Self {
        if let Some(sent) = sent.take_if(|_| !goes_on || inner.is_end_stream()) {
            sent.complete();
        }
        Self { inner, sent }
    }
}

impl<B> Body for CallBody<B>
where
    B: Body,
    B::Error: Display,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let Some(mut sent) = this.sent.take() else { return this.inner.poll_frame(cx) };
        let polled = sent.span().in_scope(|| this.inner.as_mut().poll_frame(cx));
        match &polled {
            Poll::Ready(Some(Err(failure))) => sent.failed(type_name::<B::Error>(), failure),
            Poll::Ready(None) => sent.complete(),
            Poll::Ready(Some(Ok(frame))) if frame.is_trailers() || this.inner.is_end_stream() => {
                if let Some(trailers) = frame.trailers_ref() {
                    sent.called(trailers);
                }
                sent.complete();
            }
            _ => *this.sent = Some(sent),
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
