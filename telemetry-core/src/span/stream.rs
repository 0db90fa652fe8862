//! The explicit wrapper of a stream.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::builder::SpanBuilder;
use super::instrument::Instrumented;
use super::timed::PolledSpan;
use crate::context::{self, InContext};

/// Puts a stream inside a span.
///
/// # Examples
/// ```
/// use std::pin::{Pin, pin};
/// use std::task::{Context, Poll, Waker};
/// use telemetry_core::{InstrumentStream, SpanBuilder, testing::Scope};
/// # use telemetry_core::{CallSite, Origin, Site, SpanKind};
/// # static SITE: CallSite = CallSite::new(Site {
/// #     name: "export", kind: SpanKind::Internal, keys: &[], constants: &[],
/// #     origin: &Origin { crate_name: "app", crate_version: "1.0.0", module: "app", file: "app.rs" }, line: 1,
/// # });
/// # struct Rows(u32);
/// # impl futures_core::Stream for Rows {
/// #     type Item = u32;
/// #     fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<u32>> {
/// #         self.0 -= 1;
/// #         Poll::Ready(Some(self.0).filter(|row| *row > 0))
/// #     }
/// # }
/// use futures_core::Stream;
///
/// let scope = Scope::new();
/// let mut rows = pin!(Rows(3).instrument_stream(SpanBuilder::new(&SITE)));
/// let mut cx = Context::from_waker(Waker::noop());
/// assert_eq!(rows.as_mut().poll_next(&mut cx), Poll::Ready(Some(2)));
/// assert_eq!(scope.spans().len(), 0, "there is more to come");
/// while let Poll::Ready(Some(_)) = rows.as_mut().poll_next(&mut cx) {}
/// assert_eq!(scope.tree(), "export\n");
/// ```
pub trait InstrumentStream: Stream + Sized {
    /// A stream that enters the span whenever its next item is asked for. The span's parent is what is current here,
    /// where the wrapper is made, and it ends with the stream: completed when there are no more items, cancelled when
    /// it is dropped before, never polled if nobody asked.
    fn instrument_stream(self, span: SpanBuilder<'_>) -> Instrumented<Self> {
        span.instrument(self)
    }

    /// A stream that runs under what is current here, without a span of its own, wherever it is polled.
    fn stream_in_current_context(self) -> InContext<Self> {
        context::Context::current().wrap_stream(self)
    }
}

impl<T: Stream> InstrumentStream for T {}

impl<T: Stream, S: PolledSpan> Stream for Instrumented<T, S> {
    type Item = T::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T::Item>> {
        let (stream, span) = self.parts();
        let mut next = Next { stream, item: None };
        let ended = span.poll(Pin::new(&mut next), cx).is_ready();
        let item = next.item;
        if ended {
            span.end();
            return Poll::Ready(None);
        }
        item.map_or(Poll::Pending, |item| Poll::Ready(Some(item)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner().size_hint()
    }
}

/// What a span takes for its future: ready when the stream is at its end, so that an item is no end.
struct Next<'a, T: Stream> {
    stream: Pin<&'a mut T>,
    item: Option<T::Item>,
}

// Neither the reference nor the item is pinned.
impl<T: Stream> Unpin for Next<'_, T> {}

impl<T: Stream> Future for Next<'_, T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.stream.as_mut().poll_next(cx) {
            Poll::Ready(None) => Poll::Ready(()),
            Poll::Ready(item) => {
                self.item = item;
                Poll::Pending
            }
            Poll::Pending => Poll::Pending,
        }
    }
}
