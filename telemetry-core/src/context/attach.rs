//! A context to carry: identifiers, decision and pipeline, never the right to write.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::Poll;

use futures_core::Stream;

use super::current::{Current, SpanContext, flag};
use super::frame::Frame;
use super::local::Local;
use crate::pipeline::Pipeline;
use crate::propagate::Held;

/// The current span as another thread or task may take it over: its children hang on it, and it cannot be written to.
///
/// Costs a copy of a few words; holds nothing alive.
#[derive(Clone, Copy)]
pub struct Context {
    current: Current,
    pipeline: &'static Pipeline,
    /// The pipeline's generation when this was made: a scope's pipeline is used again after the scope's end.
    generation: u64,
}

// SAFETY: the slot pointer is always null (`without_slot`), so only identifiers and a `'static` reference to a
// `Sync` pipeline travel.
#[allow(unsafe_code, reason = "a raw null pointer is not Send by itself")]
unsafe impl Send for Context {}
// SAFETY: as for `Send`; nothing can be changed through a shared reference.
#[allow(unsafe_code, reason = "a raw null pointer is not Sync by itself")]
unsafe impl Sync for Context {}

impl Context {
    /// The context of this thread now.
    pub fn current() -> Self {
        Self::carrying(Current::without_slot)
    }

    /// This thread's pipeline with a parent that came from another process: the next span opened under it is a local
    /// root that continues the trace, and the sampler sees the parent.
    pub fn remote(parent: SpanContext) -> Self {
        Self::carrying(|_| SpanContext { remote: true, ..parent }.to_current())
    }

    /// As [`Context::remote`], with what else the request brought: the state of the trace, baggage.
    pub fn of(parent: &Held) -> Self {
        Self::carrying(|_| parent.brought().to_current())
    }

    /// This context with another number of state and baggage; where there is no span, with the trace that is to begin.
    pub(crate) fn within(self, trace: u128, number: u32) -> Self {
        let current = match self.current.trace() {
            0 => Current::reserved(trace, number, false),
            _ => Current { flags: flag::with_state(self.current.flags, number), ..self.current },
        };
        Self { current, ..self }
    }

    /// This thread's pipeline without any span: the next span is a root.
    pub fn root() -> Self {
        Self::carrying(|_| Current::NONE)
    }

    /// This thread's pipeline with spans suppressed: none opened under it is recorded.
    pub(crate) fn suppressed() -> Self {
        Self::carrying(|_| Current::SUPPRESSED)
    }

    /// The context inside a span of this pipeline.
    pub(crate) fn inside(span: Current, pipeline: &'static Pipeline) -> Self {
        Self { current: span.without_slot(), pipeline, generation: pipeline.generation() }
    }

    fn carrying(current: impl FnOnce(Current) -> Current) -> Self {
        Local::with(|local| {
            let pipeline = local.pipeline.get();
            Self { current: current(local.current()), pipeline, generation: pipeline.generation() }
        })
    }

    /// Whether anything is recorded on this thread: a few loads, to be asked before more is done.
    pub fn is_enabled() -> bool {
        Local::with(|local| local.pipeline.get().is_enabled())
    }

    /// The identifiers it carries, if it carries a span.
    pub fn span_context(&self) -> Option<SpanContext> {
        self.current.span_context()
    }

    /// Makes it the context of this thread until the guard is dropped.
    ///
    /// Guards may be dropped in any order. The context of a test's scope that has ended is that of the thread, without
    /// a span.
    #[must_use = "the context is left as soon as the guard is dropped"]
    pub fn attach(&self) -> ContextGuard {
        Local::with(|local| {
            let frame = if self.pipeline.generation() == self.generation {
                Frame::enter(local, self.current, self.pipeline)
            } else {
                Frame::enter(local, Current::NONE, local.pipeline.get())
            };
            ContextGuard { frame, not_send: PhantomData }
        })
    }

    /// Runs `work` under this context.
    pub fn run<R>(&self, work: impl FnOnce() -> R) -> R {
        let _guard = self.attach();
        work()
    }

    /// A closure that runs once under this context, for `std::thread::spawn`, `tokio::task::spawn_blocking` and the
    /// like.
    ///
    /// ```
    /// use telemetry_core::Context;
    /// let context = Context::current();
    /// let answer = std::thread::spawn(context.wrap(|| 6 * 7)).join().unwrap();
    /// assert_eq!(answer, 42);
    /// ```
    pub fn wrap<R, F: FnOnce() -> R>(self, work: F) -> impl FnOnce() -> R + use<R, F> {
        move || self.run(work)
    }

    /// A closure that runs under this context as often as it is called, from many threads at once: for what rayon
    /// maps, and for callbacks.
    ///
    /// ```
    /// use telemetry_core::Context;
    /// let double = Context::current().wrap_each(|number: i32| number * 2);
    /// let pair = std::thread::scope(|threads| {
    ///     let (one, two) = (threads.spawn(|| double(1)), threads.spawn(|| double(2)));
    ///     [one.join().unwrap(), two.join().unwrap()]
    /// });
    /// assert_eq!(pair, [2, 4]);
    /// ```
    pub fn wrap_each<A, R, F: Fn(A) -> R>(self, work: F) -> impl Fn(A) -> R + use<A, R, F> {
        move |argument| self.run(|| work(argument))
    }

    /// A future that runs under this context, for tasks that are spawned; for the current one there is
    /// [`Instrument::in_current_context`](crate::Instrument::in_current_context).
    pub fn wrap_future<F: Future>(self, future: F) -> InContext<F> {
        InContext { future, context: self }
    }

    /// A stream that runs under this context, wherever it is polled.
    pub fn wrap_stream<S: Stream>(self, stream: S) -> InContext<S> {
        InContext { future: stream, context: self }
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Context").field(&self.span_context()).finish()
    }
}

/// Leaves the context when dropped. Bound to its thread.
pub struct ContextGuard {
    frame: Frame,
    not_send: PhantomData<*const ()>,
}

impl Drop for ContextGuard {
    fn drop(&mut self) {
        Local::with(|local| self.frame.leave(local));
    }
}

impl std::fmt::Debug for ContextGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ContextGuard").finish_non_exhaustive()
    }
}

/// A future or a stream that runs under a context: made by [`Context::wrap_future`] or [`Context::wrap_stream`].
#[must_use = "a future does nothing unless it is polled"]
pub struct InContext<F> {
    future: F,
    context: Context,
}

impl<F: Future> Future for InContext<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<F::Output> {
        let context = self.context;
        let _guard = context.attach();
        crate::span::project(self, |this| &mut this.future).poll(cx)
    }
}

impl<S: Stream> Stream for InContext<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<Option<S::Item>> {
        let context = self.context;
        let _guard = context.attach();
        crate::span::project(self, |this| &mut this.future).poll_next(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.future.size_hint()
    }
}
