//! The span of a future: opened once, entered at each poll.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll};

use super::access::{self, Access};
use super::arena::Key;
use super::guard::close;
use super::handle::Span;
use super::open::Opened;
use super::stay::{self, Stay};
use super::value::{AttributeValue, Entry};
use super::write::Formatted;
use super::{bits, panic, write};
use crate::clock;
use crate::context::{Current, Local};
use crate::pipeline::{GLOBAL, Pipeline};
use crate::record::{Outcome, Status};
use crate::ring::{Body, Slot, state};

/// A span that is open and entered only while its future is polled. Dropping it ends it: as cancelled, unless the
/// future was ready, or the drop is part of a panic. 56 bytes.
pub struct TaskSpan {
    /// The span's slot; null when it is not recorded.
    slot: *const Slot,
    /// Null when nothing was opened and nothing is carried.
    pipeline: *const Pipeline,
    stay: Stay,
    /// The flags of its trace; none when nothing was opened and nothing is carried.
    flags: u32,
    progress: Progress,
    /// Whether it was opened by the fast clock, and closes by it.
    fast: bool,
}

/// How far the future has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Untouched,
    /// Inside a poll.
    Entered,
    /// Inside a poll that is left slowly.
    EnteredSlowly,
    /// Between two polls.
    Suspended,
    Ready,
    /// A panic unwound through a poll.
    Panicked,
}

// SAFETY: between polls the slot is entered on no thread and the `TaskSpan` alone holds its token; it is used through
// `&mut self` only, and whoever sends it hands its writes over with it.
#[allow(unsafe_code, reason = "a raw slot pointer is not Send by itself")]
unsafe impl Send for TaskSpan {}
// SAFETY: nothing is written through `&self`, and what is read is written through `&mut self` alone.
#[allow(unsafe_code, reason = "a raw slot pointer is not Sync by itself")]
unsafe impl Sync for TaskSpan {}

impl TaskSpan {
    /// No span.
    #[inline(always)]
    pub(super) const fn nothing() -> Self {
        Self {
            slot: ptr::null(),
            pipeline: ptr::null(),
            stay: Stay::NONE,
            flags: 0,
            progress: Progress::Untouched,
            fast: false,
        }
    }

    /// A child of the current span that was opened by the fast path.
    #[inline(always)]
    pub(super) fn child(local: &Local, slot: &'static Slot) -> Self {
        Self { slot, fast: true, ..Self::here(local, Stay::NONE, local.flags()) }
    }

    pub(super) fn new(local: &Local, opened: Opened) -> Self {
        let inside = opened.inside;
        Self { slot: inside.slot, ..Self::here(local, Stay::carried(inside), inside.flags) }
    }

    /// No span of its own, under a trace that is not recorded: its future carries that, wherever it is polled.
    #[inline(always)]
    pub(super) fn carrying(local: &Local) -> Self {
        let current = local.current();
        Self::here(local, Stay::carried(current), current.flags)
    }

    #[inline(always)]
    fn here(local: &Local, stay: Stay, flags: u32) -> Self {
        let pipeline = local.pipeline.get();
        Self { slot: ptr::null(), pipeline, stay, flags, progress: Progress::Untouched, fast: false }
    }

    /// Whether the span has a slot: false when it is disabled, unsampled or dropped.
    #[inline(always)]
    pub fn is_recording(&self) -> bool {
        !self.slot.is_null()
    }

    /// The pipeline, where there is something inside.
    #[allow(unsafe_code, reason = "a pipeline is reached by its address")]
    fn pipeline(&self) -> &'static Pipeline {
        // SAFETY: the pointer is null or was made from a reference that is static.
        unsafe { self.pipeline.as_ref() }.unwrap_or(&GLOBAL)
    }

    /// What is current inside.
    fn inside(&self) -> Current {
        if self.slot.is_null() { self.stay.current(self.flags) } else { access::identity(self.slot) }
    }

    /// The handle of the span, for the code inside its future.
    pub fn handle(&self) -> Span {
        Span::of(self.inside())
    }

    /// Records the attribute with the call site's key of this number.
    #[inline(always)]
    pub fn attribute<V: AttributeValue + ?Sized>(&mut self, key: usize, value: &V) {
        if self.is_recording() {
            value.record(Entry::span(Access::Owner(self.slot), Key::of_site(key, self.slot)));
        }
    }

    /// Records what `value` displays.
    pub fn attribute_display(&mut self, key: usize, value: &dyn fmt::Display) {
        if self.is_recording() {
            let key = Key::of_site(key, self.slot);
            let text = Formatted::new(format_args!("{value}"));
            self.with_body(|body| write::formatted(body, key, &text));
        }
    }

    /// Records how `value` looks to a programmer.
    pub fn attribute_debug(&mut self, key: usize, value: &dyn fmt::Debug) {
        if self.is_recording() {
            let key = Key::of_site(key, self.slot);
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
            value.record(Entry::span(Access::Owner(self.slot), Key::Static(key)));
        }
    }

    /// Runs `work` inside the span: for wrappers that poll by hand.
    #[inline]
    pub fn in_scope<R>(&mut self, work: impl FnOnce() -> R) -> R {
        self.enter();
        let unwinding = Unwinding(self);
        let result = work();
        unwinding.passed().leave(Progress::Suspended);
        result
    }

    /// A future that enters the span at each poll of `future`.
    #[inline(always)]
    pub fn run<F: Future>(&mut self, future: F) -> Run<'_, F> {
        Run { span: self, future }
    }

    /// As [`TaskSpan::run`], for a span that lives where this is awaited: a panic that unwinds through a poll drops it
    /// at once, so that the poll needs no guard of its own.
    #[doc(hidden)]
    #[inline(always)]
    pub fn drive<F: Future>(&mut self, future: F) -> Drive<'_, F> {
        Drive { span: self, future }
    }

    /// Polls `future` inside the span, which a panic that unwinds from here drops.
    #[inline(always)]
    fn poll_unguarded<F: Future>(&mut self, future: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.enter();
        let poll = future.poll(cx);
        self.leave(if poll.is_ready() { Progress::Ready } else { Progress::Suspended });
        poll
    }

    /// Polls `future` inside the span.
    #[inline(always)]
    pub(super) fn poll<F: Future>(&mut self, future: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.enter();
        let unwinding = Unwinding(self);
        let poll = future.poll(cx);
        unwinding.passed().leave(if poll.is_ready() { Progress::Ready } else { Progress::Suspended });
        poll
    }

    #[inline(always)]
    fn with_body(&mut self, write: impl FnOnce(&mut Body)) {
        Access::Owner(self.slot).write(|_, body| write(body));
    }
}

impl TaskSpan {
    /// Makes the span, if there is one, current on this thread until it is left. Whatever happens meanwhile, the thread
    /// then has its own span, pipeline and frames back.
    #[inline(always)]
    fn enter(&mut self) {
        if self.flags == 0 {
            return;
        }
        let local = Local::here();
        // SAFETY: the pointer is null or a slot of a ring, which is never freed.
        #[allow(unsafe_code, reason = "the span's slot is reached in place")]
        let entered = match unsafe { self.slot.as_ref() } {
            Some(slot) => self.stay.enter(local, slot, self.flags, self.pipeline),
            None => self.stay.is_here(local, self.flags, self.pipeline),
        };
        if entered {
            self.progress = Progress::Entered;
        } else {
            self.enter_slowly();
        }
    }

    #[inline(always)]
    fn leave(&mut self, progress: Progress) {
        if self.flags == 0 {
            return;
        }
        let entered = std::mem::replace(&mut self.progress, progress);
        let local = Local::here();
        // SAFETY: as in `enter`.
        #[allow(unsafe_code, reason = "the span's slot is reached in place")]
        let left = entered == Progress::Entered
            && match unsafe { self.slot.as_ref() } {
                Some(slot) => self.stay.leave(local, slot),
                None => self.stay.is_still_here(local, self.flags),
            };
        if !left {
            self.leave_slowly(entered);
        }
    }

    /// Enters from another trace, pipeline, or a thread that has opened no span yet.
    #[cold]
    #[inline(never)]
    fn enter_slowly(&mut self) {
        let inside = self.inside();
        Local::with(|local| {
            self.stay.keep(local, inside);
            if !ptr::eq(local.pipeline.get(), self.pipeline) {
                local.switch(self.pipeline());
            }
            local.prepare();
            local.set_current(inside);
            stay::set_owner(self.slot, local.token.get());
        });
        self.progress = Progress::EnteredSlowly;
    }

    /// Leaves what was entered slowly, or in disorder, or by a panic.
    #[cold]
    #[inline(never)]
    fn leave_slowly(&mut self, entered: Progress) {
        stay::set_owner(self.slot, state::DETACHED);
        let inside = self.inside();
        Local::with(|local| {
            if entered == Progress::EnteredSlowly {
                self.stay.go_back(local);
            } else {
                self.stay.restore(local, inside, self.pipeline());
            }
            if local.disordered.get() {
                local.forget_orphans();
            }
        });
    }

    /// A panic unwinds through a poll.
    #[cold]
    #[inline(never)]
    fn unwind(&mut self) {
        let entered = std::mem::replace(&mut self.progress, Progress::Panicked);
        if self.flags != 0 {
            self.leave_slowly(entered);
        }
    }
}

/// Leaves the span when a panic unwinds through a poll whose span it does not drop.
struct Unwinding<'a>(&'a mut TaskSpan);

impl<'a> Unwinding<'a> {
    /// No panic came.
    #[inline(always)]
    fn passed(self) -> &'a mut TaskSpan {
        let span: *mut TaskSpan = self.0;
        std::mem::forget(self);
        // SAFETY: the borrow was this guard's, which is gone.
        #[allow(unsafe_code, reason = "a guard with a destructor cannot be taken apart")]
        unsafe {
            &mut *span
        }
    }
}

impl Drop for Unwinding<'_> {
    fn drop(&mut self) {
        self.0.unwind();
    }
}

impl Drop for TaskSpan {
    #[inline(always)]
    fn drop(&mut self) {
        if self.flags == 0 {
            return;
        }
        if self.progress == Progress::Ready {
            // SAFETY: the pointer is null or a slot of a ring, which is never freed.
            #[allow(unsafe_code, reason = "the span's slot is reached in place")]
            match unsafe { self.slot.as_ref() } {
                None => return,
                Some(slot) if self.fast => return close(slot, clock::fast_ticks()),
                Some(_) => {}
            }
        }
        self.close_slowly();
    }
}

impl TaskSpan {
    /// Every end but that of a future that was ready, and its span opened by the fast clock.
    #[cold]
    #[inline(never)]
    fn close_slowly(&mut self) {
        if matches!(self.progress, Progress::Entered | Progress::EnteredSlowly) {
            self.unwind();
        }
        match self.progress {
            Progress::Panicked => self.with_body(panic::record),
            Progress::Untouched => self.end_as(Outcome::NeverPolled),
            Progress::Ready => {}
            _ => self.end_as(Outcome::Cancelled),
        }
        // SAFETY: the pointer is null or a slot of a ring, which is never freed.
        #[allow(unsafe_code, reason = "the span's slot is reached in place")]
        if let Some(slot) = unsafe { self.slot.as_ref() } {
            close(slot, self.pipeline().timeline.ticks());
        }
    }

    fn end_as(&mut self, outcome: Outcome) {
        self.with_body(|body| body.bits = bits::set_outcome(body.bits, outcome));
    }
}

impl fmt::Debug for TaskSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TaskSpan").field(&self.inside().span_context()).finish()
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

/// A future inside a span that lives where it is awaited: made by [`TaskSpan::drive`].
#[must_use = "a future does nothing unless it is polled"]
#[derive(Debug)]
pub struct Drive<'a, F> {
    span: &'a mut TaskSpan,
    future: F,
}

impl<F: Future> Future for Drive<'_, F> {
    type Output = F::Output;

    #[inline(always)]
    #[allow(unsafe_code, reason = "one field is pinned, the other is not")]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: `future` is never moved out of the pinned `Drive`, which has no `Drop`; `span` is not pinned.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: as above.
        let future = unsafe { Pin::new_unchecked(&mut this.future) };
        this.span.poll_unguarded(future, cx)
    }
}

/// The pinned field of a pinned struct that holds one future and never moves it.
#[allow(unsafe_code, reason = "structural pinning of one field")]
pub(crate) fn project<T, F>(whole: Pin<&mut T>, field: impl FnOnce(&mut T) -> &mut F) -> Pin<&mut F> {
    // SAFETY: the callers are the wrappers of this crate: each has one future, pins it structurally, and neither
    // moves it nor implements `Drop`.
    unsafe { whole.map_unchecked_mut(field) }
}
