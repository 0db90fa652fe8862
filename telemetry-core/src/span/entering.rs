//! Entering the span of a future at each poll, and leaving it.

use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::ptr;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use super::kept::Kept;
use super::outer::Outer;
use super::root::begin_unrecorded;
use super::task::{Marked, TaskSpan};
use crate::context::{Current, Frame, Local, flag};
use crate::pipeline::{GLOBAL, Pipeline};
use crate::ring::{Slot, state};

impl TaskSpan {
    /// Runs `work` inside the span: for wrappers that poll by hand.
    #[inline(always)]
    pub fn in_scope<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let stay = Stay::begin(self);
        let result = work();
        stay.end(false);
        result
    }

    /// Runs what makes the future inside the span: not a poll yet.
    #[inline(always)]
    pub(super) fn making_inside<F>(&mut self, work: impl FnOnce() -> F) -> F {
        let before = self.marked;
        let future = self.in_scope(work);
        self.marked = before;
        future
    }

    /// A future that enters the span at each poll of `future`.
    #[inline(always)]
    pub fn run<F: Future>(&mut self, future: F) -> Run<'_, F> {
        Run { span: self, future }
    }

    /// Polls `future` inside the span.
    #[inline(always)]
    pub(super) fn poll_inside<F: Future>(
        &mut self,
        future: Pin<&mut F>,
        cx: &mut Context<'_>,
    ) -> Poll<F::Output> {
        let stay = Stay::begin(self);
        let poll = future.poll(cx);
        stay.end(poll.is_ready());
        poll
    }
}

/// A span's stay on a thread. Whatever happens meanwhile, the thread then has its own span, pipeline and frames back,
/// also when a panic unwinds.
struct Stay<'a> {
    span: &'a mut TaskSpan,
    outer: Outer,
}

impl<'a> Stay<'a> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn begin(span: &'a mut TaskSpan) -> Self {
        let outer = span.marked.go_in();
        Self { span, outer }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn end(self, ready: bool) {
        let mut stay = ManuallyDrop::new(self);
        stay.span.marked = stay.span.marked.go_out(stay.outer, ready);
    }
}

impl Drop for Stay<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        self.span.marked = self.span.marked.go_out_by_panic(self.outer);
    }
}

impl Marked {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn go_in(self) -> Outer {
        if self.is_nothing() {
            Outer::NONE
        } else if self.is_unrecorded() && Local::here().is_unrecorded() {
            Outer::unmoved(Local::here())
        } else {
            enter(self)
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn go_out(self, outer: Outer, ready: bool) -> Self {
        if self.is_unrecorded() {
            if !self.is_nothing() && outer != Outer::unmoved(Local::here()) {
                leave(self, outer);
            }
            return self;
        }
        leave(self, outer);
        self.polled(ready)
    }

    #[inline(always)]
    pub(super) fn go_out_by_panic(self, outer: Outer) -> Self {
        if self.is_nothing() { self } else { unwind(self, outer) }
    }
}

/// Makes what is opened or carried current on this thread until it is left.
#[inline(never)]
#[allow(unsafe_code, reason = "the span's slot is reached in place")]
fn enter(marked: Marked) -> Outer {
    let local = Local::here();
    let Some(slot) = marked.plain() else { return enter_otherwise(marked) };
    // SAFETY: the span is open and entered nowhere else: nobody writes it meanwhile.
    let (trace_high, trace_low, span_id) =
        slot.body.with(|body| unsafe { ((*body).trace_high, (*body).trace_low, (*body).span_id) });
    // SAFETY: as above.
    let flags = slot.site.with(|word| unsafe { *word }) & flag::RECORDED;
    let (high, low) = local.trace();
    // One branch for all of it. Where a recorded trace is current, the thread has its token.
    let elsewhere = (high ^ trace_high)
        | (low ^ trace_low)
        | u64::from(local.flags() ^ flags)
        | address_difference(local.pipeline.get(), &GLOBAL);
    if elsewhere != 0 {
        return enter_otherwise(marked);
    }
    let outer = Outer { first: local.span_id(), second: local.marked_slot() };
    let frame = local.frame.get();
    // SAFETY: as above; what is written here is overwritten by the span's end.
    slot.body.with_mut(|body| unsafe { (*body).end = frame });
    local.set_span(span_id, slot);
    // Relaxed: the executor that moves the future between threads orders its polls, and with them this.
    slot.owner.store(local.token.get(), Ordering::Relaxed);
    outer
}

/// Enters what is not of the current trace, or has no slot of the process's ring in hand.
#[inline(never)]
fn enter_otherwise(marked: Marked) -> Outer {
    let local = Local::here();
    let pipeline = marked.kept().map_or(&GLOBAL, |kept| kept.pipeline_inside(local));
    let something = u64::from(local.flags())
        | local.span_id()
        | local.marked_slot().addr() as u64
        | address_difference(local.pipeline.get(), pipeline);
    if something == 0 && !marked.is_unrecorded() && local.is_prepared() {
        // No span is current, as where a server's thread takes up a request. The frame is one of its own, so that a
        // context around this poll whose guard is dropped inside is left with the poll.
        let (frame, around) = (local.next_frame(), local.frame.get());
        local.frame.set(frame);
        let inside = marked.inside();
        local.set_current(inside);
        set_owner(inside.slot, local.token.get());
        return Outer::nothing(frame, around);
    }
    if marked.plain().is_none() && is_current(local, marked) {
        return Outer::unmoved(local);
    }
    enter_slowly(local, marked)
}

/// Whether what a span has no slot for is current already.
#[inline(always)]
fn is_current(local: &Local, marked: Marked) -> bool {
    let Some(kept) = marked.kept() else { return local.is_unrecorded() };
    let inside = kept.inside();
    let (high, low) = local.trace();
    // Spans of strangers may have the identifiers of others.
    let elsewhere = address_difference(local.pipeline.get(), kept.pipeline_inside(local))
        | (high ^ inside.trace_high)
        | (low ^ inside.trace_low)
        | inside.slot.addr() as u64
        | (local.span_id() ^ inside.span_id)
        | u64::from(local.flags() ^ inside.flags);
    elsewhere == 0
}

#[inline(always)]
fn address_difference(one: &Pipeline, other: &Pipeline) -> u64 {
    (ptr::from_ref(one).addr() ^ ptr::from_ref(other).addr()) as u64
}

/// Enters from another trace, pipeline, or a thread that has opened no span yet.
#[cold]
#[inline(never)]
fn enter_slowly(local: &Local, marked: Marked) -> Outer {
    let pipeline = match marked.kept() {
        Some(kept) => kept.pipeline_inside(local),
        None if marked.is_unrecorded() => local.pipeline.get(),
        None => &GLOBAL,
    };
    let outside = Kept::keep(local, Current::NONE);
    // A context around this poll whose guard is dropped inside is left with the poll.
    local.frame.set(local.next_frame());
    if !ptr::eq(local.pipeline.get(), pipeline) {
        local.switch(pipeline);
    }
    local.prepare();
    let inside = if marked.is_unrecorded() { begin_unrecorded(local) } else { marked.inside() };
    local.set_current(inside);
    set_owner(inside.slot, local.token.get());
    Outer::kept(outside.expose_provenance())
}

/// Leaves what was entered.
#[inline(never)]
fn leave(marked: Marked, outer: Outer) {
    let local = Local::here();
    // When something inside was not left, another slot is current, or this one with a mark.
    if let Some(slot) = marked.plain()
        && !outer.is_other()
        && ptr::eq(local.marked_slot(), slot)
    {
        // Relaxed: as in `enter`.
        slot.owner.store(state::DETACHED, Ordering::Relaxed);
        local.set_span(outer.first, outer.second);
    } else {
        leave_otherwise(marked, outer);
    }
}

#[inline(never)]
fn leave_otherwise(marked: Marked, outer: Outer) {
    let local = Local::here();
    let left = if outer.is_other() {
        !outer.is_elsewhere() && leave_to_nothing(local, marked, outer)
    } else {
        marked.plain().is_none() && outer == Outer::unmoved(local) && is_current(local, marked)
    };
    if !left {
        leave_slowly(local, marked, outer);
    }
}

/// Goes back to where no span was current; false where something inside was not left.
fn leave_to_nothing(local: &Local, marked: Marked, outer: Outer) -> bool {
    let inside = match (marked.kept(), marked.plain()) {
        (Some(kept), _) => {
            let inside = kept.inside();
            let difference = address_difference(local.pipeline.get(), kept.pipeline_inside(local))
                | (local.span_id() ^ inside.span_id)
                | u64::from(local.flags() ^ inside.flags);
            Some(inside.slot).filter(|_| difference == 0)
        }
        (None, slot) => slot.map(ptr::from_ref),
    };
    let in_order = outer == Outer::nothing(local.frame.get(), outer.first)
        && inside.is_some_and(|slot| ptr::eq(local.marked_slot(), slot));
    if in_order {
        set_owner(local.marked_slot(), state::DETACHED);
        local.frame.set(outer.first);
        local.set_current(Current::NONE);
        if outer.first != 0 {
            Frame::leave_if_left(local);
        }
    }
    in_order
}

/// Leaves what was entered slowly, or in disorder, or by a panic.
#[cold]
#[inline(never)]
#[allow(unsafe_code, reason = "what was kept is reached by its address")]
fn leave_slowly(local: &Local, marked: Marked, outer: Outer) {
    let inside = if marked.is_unrecorded() { Current::NONE } else { marked.inside() };
    set_owner(inside.slot, state::DETACHED);
    if outer.is_elsewhere() {
        let kept = ptr::with_exposed_provenance_mut(outer.first as usize);
        // SAFETY: it came from `Kept::keep`, at the one entry that is being left.
        let kept = unsafe { Kept::take_back(local, kept) };
        return_to(local, kept.pipeline, kept.frame, kept.outside);
    } else if outer.is_other() {
        let pipeline = marked.kept().map_or(&GLOBAL, |kept| kept.pipeline_inside(local));
        return_to(local, pipeline, outer.first, Current::NONE);
    } else if marked.is_unrecorded() {
        // The identifiers are lost when another such trace was begun inside; the span's own finds its guard.
        let outside = local
            .unrecorded(outer.first)
            .unwrap_or_else(|| Current { span_id: outer.first, ..begin_unrecorded(local) });
        return_to(local, local.pipeline.get(), outer.frame(), outside);
    } else if let Some(kept) = marked.kept() {
        return_to(local, kept.pipeline_inside(local), outer.frame(), inside);
    } else {
        // SAFETY: the span is open, and it is this thread's.
        let frame = marked.plain().map_or(0, |slot| slot.body.with(|body| unsafe { (*body).end }));
        let outside = Current { span_id: outer.first, slot: Local::unmarked(outer.second), ..inside };
        return_to(local, &GLOBAL, frame, outside);
    }
    if local.disordered.get() {
        local.forget_inside(&inside);
    }
}

/// A panic unwinds through a poll.
#[cold]
#[inline(never)]
fn unwind(marked: Marked, outer: Outer) -> Marked {
    Local::with(|local| leave_slowly(local, marked, outer));
    marked.panicked()
}

fn return_to(local: &Local, pipeline: &'static Pipeline, frame: u64, outside: Current) {
    // Numbers of frames grow inwards. With a smaller one the frame around the poll was left inside it, and what that
    // frame went back to is so already.
    if local.frame.get() < frame {
        return;
    }
    if !ptr::eq(local.pipeline.get(), pipeline) {
        local.switch(pipeline);
    }
    local.frame.set(frame);
    local.go_back(outside);
    Frame::leave_if_left(local);
}

/// Marks a span's slot as entered on a thread, or on none.
fn set_owner(slot: *const Slot, owner: u32) {
    // SAFETY: the pointer is null or a slot of a ring, which is never freed.
    #[allow(unsafe_code, reason = "the span's slot is reached in place")]
    if let Some(slot) = unsafe { slot.as_ref() } {
        // Relaxed: as in `enter`.
        slot.owner.store(owner, Ordering::Relaxed);
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
        this.span.poll_inside(future, cx)
    }
}

/// The pinned field of a pinned struct that holds one future and never moves it.
#[allow(unsafe_code, reason = "structural pinning of one field")]
pub(crate) fn project<T, F>(whole: Pin<&mut T>, field: impl FnOnce(&mut T) -> &mut F) -> Pin<&mut F> {
    // SAFETY: the callers are the wrappers of this crate: each has one future, pins it structurally, and neither
    // moves it nor implements `Drop`.
    unsafe { whole.map_unchecked_mut(field) }
}
