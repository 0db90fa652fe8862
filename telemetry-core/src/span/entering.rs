//! Entering the span of a future at each poll, and leaving it.

use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll};

use super::stay;
use super::task::{Progress, TaskSpan};
use crate::context::Local;
use crate::ring::state;

impl TaskSpan {
    /// Runs `work` inside the span: for wrappers that poll by hand.
    #[inline]
    pub fn in_scope<R>(&mut self, work: impl FnOnce() -> R) -> R {
        self.inside_until(Progress::Suspended, work)
    }

    /// Runs what makes the future inside the span: no poll yet.
    #[inline]
    pub(super) fn making<R>(&mut self, work: impl FnOnce() -> R) -> R {
        self.inside_until(Progress::Untouched, work)
    }

    #[inline]
    fn inside_until<R>(&mut self, progress: Progress, work: impl FnOnce() -> R) -> R {
        self.enter();
        let unwinding = Unwinding(self);
        let result = work();
        unwinding.passed().leave(progress);
        result
    }

    /// A future that enters the span at each poll of `future`.
    #[inline(always)]
    pub fn run<F: Future>(&mut self, future: F) -> Run<'_, F> {
        Run { span: self, future }
    }

    /// Polls `future` inside the span, which a panic that unwinds from here drops.
    #[inline(always)]
    pub(super) fn poll_unguarded<F: Future>(
        &mut self,
        future: Pin<&mut F>,
        cx: &mut Context<'_>,
    ) -> Poll<F::Output> {
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
    pub(super) fn unwind(&mut self) {
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
