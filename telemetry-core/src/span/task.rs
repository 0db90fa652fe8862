//! The span of a future: opened once, entered at each poll.

use std::fmt;
use std::ptr;

use super::access::{self, Access};
use super::arena::Key;
use super::guard::close;
use super::handle::Span;
use super::open::Opened;
use super::stay::Stay;
use super::value::{AttributeValue, Entry};
use super::write::Formatted;
use super::{bits, panic, write};
use crate::clock;
use crate::context::{Current, Local};
use crate::pipeline::{GLOBAL, Pipeline};
use crate::record::{Outcome, Status};
use crate::ring::{Body, Slot};

/// A span that is open and entered only while its future is polled. Dropping it ends it: as cancelled, unless the
/// future was ready, or the drop is part of a panic. 56 bytes.
pub struct TaskSpan {
    /// The span's slot; null when it is not recorded.
    pub(super) slot: *const Slot,
    /// Null when nothing was opened and nothing is carried.
    pub(super) pipeline: *const Pipeline,
    pub(super) stay: Stay,
    /// The flags of its trace; none when nothing was opened and nothing is carried.
    pub(super) flags: u32,
    pub(super) progress: Progress,
    /// Whether it was opened by the fast clock, and closes by it.
    fast: bool,
}

/// How far the future has come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
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
        Self::here(local, slot, Stay::NONE, local.flags(), true)
    }

    pub(super) fn new(local: &Local, opened: Opened) -> Self {
        let inside = opened.inside;
        Self::here(local, inside.slot, Stay::carried(inside), inside.flags, false)
    }

    /// No span of its own, under a trace that is not recorded: its future carries that, wherever it is polled.
    #[inline(always)]
    pub(super) fn carrying(local: &Local) -> Self {
        let current = local.current();
        Self::here(local, ptr::null(), Stay::carried(current), current.flags, false)
    }

    #[inline(always)]
    fn here(local: &Local, slot: *const Slot, stay: Stay, flags: u32, fast: bool) -> Self {
        Self { slot, pipeline: local.pipeline.get(), stay, flags, progress: Progress::Untouched, fast }
    }

    /// Whether the span has a slot: false when it is disabled, unsampled or dropped.
    #[inline(always)]
    pub fn is_recording(&self) -> bool {
        !self.slot.is_null()
    }

    /// The pipeline, where there is something inside.
    #[allow(unsafe_code, reason = "a pipeline is reached by its address")]
    pub(super) fn pipeline(&self) -> &'static Pipeline {
        // SAFETY: the pointer is null or was made from a reference that is static.
        unsafe { self.pipeline.as_ref() }.unwrap_or(&GLOBAL)
    }

    /// What is current inside.
    pub(super) fn inside(&self) -> Current {
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

    #[inline(always)]
    fn with_body(&mut self, write: impl FnOnce(&mut Body)) {
        Access::Owner(self.slot).write(|_, body| write(body));
    }
}

impl Drop for TaskSpan {
    #[cfg_attr(not(debug_assertions), inline(always))]
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
