//! The span of a future: opened once, entered at each poll.

use std::fmt;
use std::ptr;

use super::access;
use super::bits;
use super::guard::close;
use super::handle::Span;
use super::kept::Kept;
use super::open::Opened;
use super::panic;
use super::value::AttributeValue;
use super::writer::{Held, Writer};
use crate::clock::{self, Lapse, Started};
use crate::context::{Context, Current, Local};
use crate::pipeline::{GLOBAL, Pipeline};
use crate::record::{Outcome, Status};
use crate::ring::Slot;

/// A span that is open and entered only while its future is polled. Dropping it ends it: as cancelled, unless the
/// future was ready, or a panic unwound through a poll. One word.
pub struct TaskSpan {
    pub(super) marked: Marked,
}

/// A task's span in one word, which is what the functions that are not inlined take and return: they never see the
/// address of the [`TaskSpan`], which lies inside somebody's future, and so the compiler may take the future apart.
///
/// The address of the span's slot, when it was opened in the process's pipeline, by the fast clock;
/// or of a [`Kept`]; with marks in the lowest bits. Null when nothing was opened, and marks alone where nothing was
/// opened because the trace is not recorded.
#[derive(Clone, Copy)]
pub(super) struct Marked(*const Slot);

/// The address is that of a [`Kept`].
const KEPT: usize = 1;
/// The future was ready.
const READY: usize = 1 << 1;
/// A panic unwound through a poll.
const PANICKED: usize = 1 << 2;
/// The future has been polled.
const POLLED: usize = 1 << 3;
const MARKS: usize = KEPT | READY | PANICKED | POLLED;

const _: () = assert!(align_of::<Kept>() > MARKS && align_of::<Slot>() > MARKS);

impl Marked {
    #[inline(always)]
    pub(super) fn is_nothing(self) -> bool {
        self.0.is_null()
    }

    /// Whether it stands for no more than that nothing is to be recorded.
    #[inline(always)]
    pub(super) fn is_unrecorded(self) -> bool {
        self.0.addr() <= MARKS
    }

    #[inline(always)]
    fn has(self, mark: usize) -> bool {
        self.0.addr() & mark != 0
    }

    #[inline(always)]
    fn with(self, mark: usize) -> Self {
        Self(self.0.map_addr(|address| address | mark))
    }

    /// After a poll. Something was opened or is carried.
    #[inline(always)]
    pub(super) fn polled(self, ready: bool) -> Self {
        self.with(if ready { READY | POLLED } else { POLLED })
    }

    /// After a panic unwound through a poll. Something was opened or is carried.
    pub(super) fn panicked(self) -> Self {
        self.with(PANICKED)
    }

    #[inline(always)]
    fn address(self) -> *const Slot {
        self.0.map_addr(|address| address & !MARKS)
    }

    /// What more there is to say than a slot.
    #[inline(always)]
    #[allow(unsafe_code, reason = "what a task keeps is reached by its address")]
    pub(super) fn kept(&self) -> Option<&Kept> {
        // SAFETY: the mark says so, and it is given back only when the task is dropped.
        self.has(KEPT).then(|| unsafe { &*self.address().cast::<Kept>() })
    }

    /// The slot of a span that was opened in the process's pipeline by the fast clock.
    #[inline(always)]
    #[allow(unsafe_code, reason = "a slot is reached by its address")]
    pub(super) fn plain(self) -> Option<&'static Slot> {
        // SAFETY: without the mark of a `Kept`, and not a mark alone, it is a slot of a ring, which is never freed.
        (!self.has(KEPT) && !self.is_unrecorded()).then(|| unsafe { &*self.address() })
    }

    /// The span's slot: null when it is not recorded.
    #[inline(always)]
    pub(super) fn slot(self) -> *const Slot {
        self.kept().map_or_else(|| self.address(), |kept| kept.inside.slot)
    }

    /// What is current inside.
    pub(super) fn inside(self) -> Current {
        if self.is_unrecorded() {
            return Local::with(Local::current).without_slot();
        }
        self.kept().map_or_else(|| access::identity(self.address()), |kept| *kept.inside())
    }
}

// SAFETY: between polls the slot is entered on no thread and the `TaskSpan` alone holds its token, and what it keeps; it
// is used through `&mut self` only, and whoever sends it hands its writes over with it.
#[allow(unsafe_code, reason = "a raw slot pointer is not Send by itself")]
unsafe impl Send for TaskSpan {}
// SAFETY: nothing is written through `&self`, and what is read is written through `&mut self` alone.
#[allow(unsafe_code, reason = "a raw slot pointer is not Sync by itself")]
unsafe impl Sync for TaskSpan {}

impl TaskSpan {
    /// No span.
    #[inline(always)]
    pub(super) const fn nothing() -> Self {
        Self { marked: Marked(ptr::null()) }
    }

    /// A span that was opened in the process's pipeline by the fast clock.
    #[inline(always)]
    pub(super) fn child(slot: &'static Slot) -> Self {
        Self { marked: Marked(slot) }
    }

    /// No span, under a trace that is not recorded: neither are the spans that open inside, wherever it is polled.
    #[inline(always)]
    pub(super) const fn unrecorded() -> Self {
        Self { marked: Marked(ptr::without_provenance(POLLED)) }
    }

    /// A span that was opened by another way, or identifiers to carry.
    fn keeping(local: &Local, inside: Current) -> Self {
        Self { marked: Marked(Kept::carry(local, inside).cast_const().cast()).with(KEPT) }
    }

    /// No span of its own: its future carries a context, wherever it is polled.
    #[doc(hidden)]
    pub fn carrying(context: Context) -> Self {
        let _inside = context.attach();
        Local::with(Self::carrying_current)
    }

    /// The same with what is current here.
    pub(super) fn carrying_current(local: &Local) -> Self {
        Self::keeping(local, local.current().without_slot())
    }

    pub(super) fn new(local: &Local, opened: Opened) -> Self {
        let inside = opened.inside;
        // SAFETY: the pointer is null or a slot of a ring, which is never freed.
        #[allow(unsafe_code, reason = "a slot is reached by its address")]
        match unsafe { inside.slot.as_ref() } {
            // In the process's pipeline and by the fast clock, its slot says all there is to keep.
            Some(slot) if local.is_plain() => Self::child(slot),
            _ if opened.is_nothing() => Self::nothing(),
            _ => Self::keeping(local, inside),
        }
    }

    /// The pipeline it was opened in.
    pub(super) fn pipeline(&self) -> &'static Pipeline {
        self.marked.kept().map_or(&GLOBAL, |kept| kept.pipeline)
    }

    /// Whether the span has a slot: false when it is disabled, unsampled or dropped.
    #[inline(always)]
    pub fn is_recording(&self) -> bool {
        self.writer().is_recording()
    }

    /// The handle of the span, for the code inside its future.
    #[inline(always)]
    pub fn handle(&self) -> Span {
        handle(self.marked)
    }

    /// Records the attribute with the call site's key of this number.
    #[inline(always)]
    pub fn attribute<V: AttributeValue + ?Sized>(&mut self, key: usize, value: &V) {
        self.writer().attribute(key, value);
    }

    /// Records what `value` displays.
    #[inline(always)]
    pub fn attribute_display(&mut self, key: usize, value: &dyn fmt::Display) {
        self.writer().display(key, value);
    }

    /// Records how `value` looks to a programmer.
    #[inline(always)]
    pub fn attribute_debug(&mut self, key: usize, value: &dyn fmt::Debug) {
        self.writer().debug(key, value);
    }

    /// Records that the work failed.
    #[inline(always)]
    pub fn fail(&mut self, error_type: &'static str, message: Option<&dyn fmt::Display>) {
        self.writer().fail(error_type, message);
    }

    /// Sets the status; ok beats error beats unset.
    #[inline(always)]
    pub fn status(&mut self, status: Status) {
        self.writer().status(status);
    }

    /// Records an attribute of any type that can be one.
    #[inline(always)]
    pub fn set(&mut self, key: &'static str, value: impl AttributeValue) {
        self.writer().set(key, &value);
    }

    /// Says that the work is done, so that dropping the span does not mean it was cancelled.
    #[inline(always)]
    pub fn complete(&mut self) {
        if !self.marked.is_nothing() {
            self.marked = self.marked.polled(true);
        }
    }
}

/// For who measures beside the span, by one reading of the clock for both.
#[doc(hidden)]
impl TaskSpan {
    /// When it was opened; now, where that was not read from the fast clock.
    #[inline]
    #[allow(unsafe_code, reason = "an open span's start is read in place")]
    pub fn began(&self) -> Started {
        match self.marked.plain() {
            // SAFETY: the span is open, and nobody writes it meanwhile.
            Some(slot) => Started::of_fast_ticks(slot.body.with(|body| unsafe { (*body).start })),
            None => Started::now(),
        }
    }

    /// Ends it at the end of a lapse, if that was read from its clock; else now.
    pub fn end_at(self, lapse: Option<Lapse>) {
        let marked = self.marked;
        let ended_well = marked.has(READY) && !marked.has(PANICKED);
        if let (true, Some(slot), Some(end)) = (ended_well, marked.plain(), lapse.and_then(Lapse::fast_ticks))
        {
            std::mem::forget(self);
            close(slot, end);
        }
    }
}

/// No span: nothing is recorded, and nothing entered.
impl Default for TaskSpan {
    fn default() -> Self {
        Self::nothing()
    }
}

impl Held for TaskSpan {
    #[inline(always)]
    fn writer(&self) -> Writer {
        Writer::new(self.marked.slot())
    }
}

fn handle(marked: Marked) -> Span {
    Span::of(marked.inside())
}

impl Drop for TaskSpan {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn drop(&mut self) {
        if !self.marked.is_unrecorded() {
            end(self.marked);
        }
    }
}

/// The end of a task's span.
#[inline(never)]
#[allow(unsafe_code, reason = "the span's slot is reached in place")]
fn end(marked: Marked) {
    if marked.0.addr() & (KEPT | READY | PANICKED) != READY {
        return end_slowly(marked);
    }
    // SAFETY: not null, so a slot of a ring, which is never freed.
    close(unsafe { &*marked.address() }, clock::fast_ticks());
}

/// Every end but that of a future that was ready, and its span opened by the fast path.
#[cold]
#[inline(never)]
#[allow(unsafe_code, reason = "the span's slot is reached in place")]
fn end_slowly(marked: Marked) {
    let slot = marked.slot();
    if !marked.has(READY) || marked.has(PANICKED) {
        let outcome = if marked.has(POLLED) { Outcome::Cancelled } else { Outcome::NeverPolled };
        Writer::new(slot).with_body(|body| {
            if marked.has(PANICKED) {
                panic::record(body);
            } else {
                body.bits = bits::set_outcome(body.bits, outcome);
            }
        });
    }
    let pipeline = marked.kept().map(|kept| kept.pipeline);
    if pipeline.is_some() {
        // SAFETY: a task ends once, and this is what it kept.
        Local::with(|local| unsafe { Kept::give_back(local, marked.address().cast_mut().cast()) });
    }
    // SAFETY: the pointer is null or a slot of a ring, which is never freed.
    if let Some(slot) = unsafe { slot.as_ref() } {
        close(slot, pipeline.map_or_else(clock::fast_ticks, |pipeline| pipeline.timeline.ticks()));
    }
}

impl fmt::Debug for TaskSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TaskSpan").field(&self.marked.inside().span_context()).finish()
    }
}
