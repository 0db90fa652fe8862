//! The span of a future: opened once, entered at each poll.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use super::access::Access;
use super::arena::Key;
use super::guard::close;
use super::handle::Span;
use super::open::Opened;
use super::site::CallSite;
use super::value::{AttributeValue, Entry};
use super::write::Formatted;
use super::{bits, panic, write};
use crate::clock;
use crate::context::{Current, Local, NO_TOKEN};
use crate::pipeline::{GLOBAL, Pipeline};
use crate::record::{Outcome, Status};
use crate::ring::{Body, state};

/// A span that is open and entered only while its future is polled. Dropping it ends it: as cancelled, unless the
/// future was ready, or the drop is part of a panic.
pub struct TaskSpan {
    /// What is current inside; a zero `span_id` when nothing was opened.
    inside: Current,
    site: &'static CallSite,
    pipeline: &'static Pipeline,
    progress: Progress,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Untouched,
    Polled,
    Ready,
    /// A panic unwound through a poll.
    Panicked,
}

// SAFETY: between polls the slot is entered on no thread and the `TaskSpan` alone holds its token; it is used through
// `&mut self` only, and whoever sends it hands its writes over with it.
#[allow(unsafe_code, reason = "a raw slot pointer is not Send by itself")]
unsafe impl Send for TaskSpan {}
// SAFETY: nothing is written or read in the slot through `&self`.
#[allow(unsafe_code, reason = "a raw slot pointer is not Sync by itself")]
unsafe impl Sync for TaskSpan {}

impl TaskSpan {
    /// No span.
    #[inline(always)]
    pub(super) fn nothing(site: &'static CallSite) -> Self {
        Self { inside: Current::NONE, site, pipeline: &GLOBAL, progress: Progress::Untouched }
    }

    #[inline(always)]
    pub(super) fn new(local: &Local, site: &'static CallSite, opened: Opened) -> Self {
        let pipeline = local.pipeline.get();
        Self { inside: opened.inside, site, pipeline, progress: Progress::Untouched }
    }

    /// No span of its own, under a trace that is not recorded: its future carries that, wherever it is polled.
    pub(super) fn carrying(local: &Local, site: &'static CallSite) -> Self {
        let inside = local.current().without_slot();
        Self { inside, site, pipeline: local.pipeline.get(), progress: Progress::Untouched }
    }

    /// Whether the span has a slot: false when it is disabled, unsampled or dropped.
    #[inline(always)]
    pub fn is_recording(&self) -> bool {
        !self.inside.slot.is_null()
    }

    /// The handle of the span, for the code inside its future.
    pub fn handle(&self) -> Span {
        Span::of(self.inside)
    }

    /// Records the attribute with the call site's key of this number.
    #[inline(always)]
    pub fn attribute<V: AttributeValue + ?Sized>(&mut self, key: usize, value: &V) {
        let keys = self.site.site.keys;
        if self.is_recording() {
            value.record(Entry::span(Access::Owner(self.inside.slot), Key::of_site(key, keys)));
        }
    }

    /// Records what `value` displays.
    pub fn attribute_display(&mut self, key: usize, value: &dyn fmt::Display) {
        if self.is_recording() {
            let key = Key::of_site(key, self.site.site.keys);
            let text = Formatted::new(format_args!("{value}"));
            self.with_body(|body| write::formatted(body, key, &text));
        }
    }

    /// Records how `value` looks to a programmer.
    pub fn attribute_debug(&mut self, key: usize, value: &dyn fmt::Debug) {
        if self.is_recording() {
            let key = Key::of_site(key, self.site.site.keys);
            let text = Formatted::new(format_args!("{value:?}"));
            self.with_body(|body| write::formatted(body, key, &text));
        }
    }

    /// Records that the work failed.
    pub fn fail(&mut self, error_type: &'static str, message: Option<&dyn fmt::Display>) {
        if self.is_recording() {
            let text = message.map(|message| Formatted::new(format_args!("{message}")));
            self.with_body(|body| write::failure(body, Outcome::Failed, error_type, text.as_ref()));
        }
    }

    /// Sets the status; ok beats error beats unset.
    pub fn status(&mut self, status: Status) {
        self.with_body(|body| write::status(body, status));
    }

    /// Says that the work is done, so that dropping the span does not mean it was cancelled.
    pub fn complete(&mut self) {
        self.progress = Progress::Ready;
    }

    /// Records an attribute of any type that can be one.
    pub fn set(&mut self, key: &'static str, value: impl AttributeValue) {
        if self.is_recording() {
            value.record(Entry::span(Access::Owner(self.inside.slot), Key::Static(key)));
        }
    }

    /// Runs `work` inside the span: for wrappers that poll by hand.
    #[inline]
    pub fn in_scope<R>(&mut self, work: impl FnOnce() -> R) -> R {
        if self.inside.flags == 0 {
            return work();
        }
        self.progress = Progress::Polled;
        let _entered = Local::with(|local| Entered::enter(local, self));
        work()
    }

    /// A future that enters the span at each poll of `future`.
    #[inline(always)]
    pub fn run<F: Future>(&mut self, future: F) -> Run<'_, F> {
        Run { span: self, future }
    }

    /// Polls `future` inside the span.
    #[inline(always)]
    pub(super) fn poll<F: Future>(&mut self, future: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<F::Output> {
        if self.inside.flags == 0 {
            return future.poll(cx);
        }
        self.progress = Progress::Polled;
        let entered = Entered::enter(Local::here(), self);
        let poll = future.poll(cx);
        if poll.is_ready() {
            entered.span.progress = Progress::Ready;
        }
        poll
    }

    #[inline(always)]
    fn with_body(&mut self, write: impl FnOnce(&mut Body)) {
        Access::Owner(self.inside.slot).write(|_, body| write(body));
    }
}

/// The span is current on this thread until this is dropped, also by a panic. Whatever happened meanwhile, the thread
/// then has its own span, pipeline and frames back.
struct Entered<'a> {
    span: &'a mut TaskSpan,
    outside: Current,
    pipeline: &'static Pipeline,
    frame: u64,
    /// A destructor is running while another panic unwinds: what happens inside is not that panic's doing.
    panicking: bool,
}

impl<'a> Entered<'a> {
    #[inline(always)]
    fn enter(local: &Local, span: &'a mut TaskSpan) -> Self {
        let (outside, pipeline) = (local.current(), local.pipeline.get());
        if !std::ptr::eq(pipeline, span.pipeline) {
            local.switch(span.pipeline);
        }
        local.set_current(span.inside);
        set_owner(span.inside, local.token());
        Self { span, outside, pipeline, frame: local.frame.get(), panicking: std::thread::panicking() }
    }
}

impl Drop for Entered<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        set_owner(self.span.inside, state::DETACHED);
        if std::thread::panicking() && !self.panicking {
            self.span.progress = Progress::Panicked;
        }
        let local = Local::here();
        if !std::ptr::eq(local.pipeline.get(), self.pipeline) {
            local.switch(self.pipeline);
        }
        local.frame.set(self.frame);
        if local.disordered.get() {
            local.set_current(local.heal(self.outside));
            local.forget_orphans();
        } else {
            local.set_current(self.outside);
        }
    }
}

/// Marks the span's slot as entered on a thread, or on none.
#[inline(always)]
fn set_owner(inside: Current, owner: u32) {
    let owner = if owner == NO_TOKEN { state::DETACHED } else { owner };
    // SAFETY: the pointer is null or a slot of a ring, which is never freed.
    #[allow(unsafe_code, reason = "the span's slot is reached in place")]
    if let Some(slot) = unsafe { inside.slot.as_ref() } {
        // Relaxed: the executor that moves the future between threads orders its polls, and with them this.
        slot.owner.store(owner, Ordering::Relaxed);
    }
}

impl Drop for TaskSpan {
    #[inline(always)]
    fn drop(&mut self) {
        if self.inside.slot.is_null() {
            return;
        }
        let local = Local::here();
        let plain = self.progress == Progress::Ready
            && std::ptr::eq(local.pipeline.get(), self.pipeline)
            && local.token.get() != NO_TOKEN;
        if !plain {
            return self.close_slowly();
        }
        // SAFETY: not null, and a ring's slots are never freed.
        #[allow(unsafe_code, reason = "the span's slot is reached in place")]
        close(unsafe { &*self.inside.slot }, clock::ticks(local));
    }
}

impl TaskSpan {
    /// Every end but that of a future that was ready, on a thread that knows the pipeline.
    #[cold]
    #[inline(never)]
    fn close_slowly(&mut self) {
        match self.progress {
            Progress::Ready => {}
            Progress::Panicked => self.with_body(panic::record),
            Progress::Polled => self.end_as(Outcome::Cancelled),
            Progress::Untouched => self.end_as(Outcome::NeverPolled),
        }
        // SAFETY: not null, and a ring's slots are never freed.
        #[allow(unsafe_code, reason = "the span's slot is reached in place")]
        close(unsafe { &*self.inside.slot }, self.pipeline.timeline.ticks());
    }

    fn end_as(&mut self, outcome: Outcome) {
        self.with_body(|body| body.bits = bits::set_outcome(body.bits, outcome));
    }
}

impl fmt::Debug for TaskSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TaskSpan").field(&self.inside.span_context()).finish()
    }
}

/// A future inside a span: made by [`TaskSpan::run`].
#[must_use = "a future does nothing unless it is polled"]
pub struct Run<'a, F> {
    span: &'a mut TaskSpan,
    future: F,
}

impl<F: Future> Future for Run<'_, F> {
    type Output = F::Output;

    #[inline]
    #[allow(unsafe_code, reason = "one field is pinned, the other is not")]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: `future` is never moved out of the pinned `Run`, which has no `Drop`; `span` is not pinned.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: as above.
        let future = unsafe { Pin::new_unchecked(&mut this.future) };
        this.span.poll(future, cx)
    }
}

/// The pinned field of a pinned struct that holds one future and never moves it.
#[allow(unsafe_code, reason = "structural pinning of one field")]
pub(crate) fn project<T, F>(whole: Pin<&mut T>, field: impl FnOnce(&mut T) -> &mut F) -> Pin<&mut F> {
    // SAFETY: the callers are the wrappers of this crate: each has one future, pins it structurally, and neither
    // moves it nor implements `Drop`.
    unsafe { whole.map_unchecked_mut(field) }
}
