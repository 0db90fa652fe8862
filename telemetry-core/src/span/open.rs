//! Opening spans: the fast path of a child, and the ways of everything else.

use super::guard::SpanGuard;
use super::root::root;
use super::site::{CallSite, gates};
use super::task::TaskSpan;
use crate::clock;
use crate::context::{Current, Local, SpanContext, flag};
use crate::propagate::kept;
use crate::ring::{DropReason, Slot, state};
use crate::sample::Sampler;

/// A span that has been opened and not yet been made current.
#[derive(Clone, Copy)]
pub(super) struct Opened {
    /// What is current inside it. Its `span_id` is zero when nothing was opened, and so is its trace, unless that was
    /// reserved by what a request has brought.
    pub(super) inside: Current,
}

impl Opened {
    /// Nothing: what was current stays so.
    pub(super) const NOTHING: Self = Self { inside: Current::NONE };

    pub(super) const fn is_nothing(&self) -> bool {
        self.inside.span_id | self.inside.trace_low | self.inside.trace_high == 0
    }
}

/// What a call site's gate and the thread's pipeline say of a span, before anybody asks for a decision or a slot.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// It is wanted; the gate.
    Wanted(u32),
    /// The filter keeps it out: what would open under it goes on to its parent.
    Filtered,
    /// Nothing is recorded.
    Off,
}

impl Admission {
    pub(super) fn of(local: &Local, site: &'static CallSite) -> Self {
        let gate = match site.gate() {
            gates::UNREGISTERED => gates::register(site),
            gate => gate,
        };
        let pipeline = local.pipeline.get();
        if gates::is_filtered(gate) {
            Self::Filtered
        } else if gates::is_off(gate) || !pipeline.is_enabled() {
            Self::Off
        } else if !gates::is_plain(gate) && pipeline.filters(site) {
            Self::Filtered
        } else {
            Self::Wanted(gate)
        }
    }
}

/// Opens a child of the current span, or a local root where there is none.
pub(super) fn begin(local: &Local, site: &'static CallSite, owner: u32) -> Opened {
    let Admission::Wanted(gate) = Admission::of(local, site) else { return Opened::NOTHING };
    let current = local.current();
    if current.is_sampled() {
        return record(local, gate, current, 0, owner);
    }
    if current.flags & flag::ACTIVE != 0 {
        // Not recorded: its children share its identifiers.
        return Opened::NOTHING;
    }
    root(local, site, gate, current, site.site.name, None, owner)
}

/// A child, or a sampled local root.
pub(super) fn record(local: &Local, gate: u32, parent: Current, marks: u16, owner: u32) -> Opened {
    // A retry is a span of its own to the ring's counts, so the first refusal stands.
    match local.producer.get().take().map_or_else(|| local.refill(), Ok) {
        Ok(slot) => fill(local, slot, gate, parent, marks, owner),
        Err(_) => lost(local, parent),
    }
}

/// A span that got no slot: its identifier stays its children's parent, so that the gap can be seen.
fn lost(local: &Local, parent: Current) -> Opened {
    Opened { inside: Current { span_id: local.next_id(), ..parent.without_slot() } }
}

/// Writes the first line of a slot: everything a plain span has. Returns the span's identifier.
#[inline(always)]
#[allow(unsafe_code, reason = "the slot was taken by this thread")]
fn write_first_line(
    local: &Local,
    slot: &'static Slot,
    gate: u32,
    parent: Current,
    marks: u16,
    owner: u32,
    ticks: impl FnOnce() -> u64,
) -> u64 {
    let span_id = local.next_span_id();
    slot.site.with_mut(|word| {
        // SAFETY: `Producer::take` handed the slot to this thread; nobody else writes or reads it until it is closed.
        unsafe { *word = gate | parent.flags };
    });
    slot.body.with_mut(|body| {
        // SAFETY: as above.
        let body = unsafe { &mut *body };
        body.trace_high = parent.trace_high;
        body.trace_low = parent.trace_low;
        body.span_id = span_id;
        body.parent_id = parent.span_id;
        body.attribute_len = 0;
        body.event_len = 0;
        body.dropped_attributes = 0;
        body.dropped_events = 0;
        body.bits = marks;
        body.start = ticks();
    });
    slot.owner.store(owner, std::sync::atomic::Ordering::Relaxed);
    span_id
}

/// Opens the span in a slot, by whatever clock the thread has.
fn fill(local: &Local, slot: &'static Slot, gate: u32, parent: Current, marks: u16, owner: u32) -> Opened {
    let owner = if owner == OWNED { local.token.get() } else { owner };
    let number = gates::number_bits(gate);
    let span_id = write_first_line(local, slot, number, parent, marks, owner, || clock::ticks(local));
    Opened { inside: Current { span_id, slot, ..parent } }
}

/// Stands for the calling thread's own token.
pub(super) const OWNED: u32 = state::COMPLETE;

/// Opens a root of its own, whatever is current; nothing where spans are suppressed.
#[cold]
pub(super) fn begin_root(local: &Local, site: &'static CallSite, owner: u32) -> Opened {
    begin_root_named(local, site, Current::NONE, site.site.name, None, owner)
}

/// Opens a child of a span of this process that is not current here. Where the child is not recorded, though telemetry
/// is on, what opens inside goes on to that parent.
#[cold]
pub(super) fn begin_under(local: &Local, site: &'static CallSite, parent: SpanContext, owner: u32) -> Opened {
    let current = local.current();
    if current.is_closed() {
        return Opened::NOTHING;
    }
    let marked_slot = local.marked_slot();
    let epoch = local.pipeline.get().timeline.epoch() & flag::EPOCH;
    let recorded = match parent.trace_flags & (SpanContext::SAMPLED | SpanContext::WATCHED) {
        0 => 0,
        SpanContext::SAMPLED => flag::SAMPLED,
        _ => flag::SAMPLED | flag::WATCHED,
    };
    let carried = parent.to_current();
    let flags = flag::ACTIVE | recorded | epoch | carried.flags & flag::RANDOM;
    // Identifiers alone do not say with which state the trace came in; the latest is the best guess.
    let under = Current { flags: flag::with_state(flags, kept::latest(carried.trace())), ..carried };
    local.set_current(under);
    let opened = begin(local, site, owner);
    local.set_current(Current { slot: marked_slot, ..current });
    if opened.is_nothing() && Admission::of(local, site) != Admission::Off {
        return Opened { inside: under };
    }
    opened
}

/// Opens a local root, under a span of another process or [none](Current::NONE).
pub(super) fn begin_root_named(
    local: &Local,
    site: &'static CallSite,
    remote: Current,
    name: &str,
    sampler: Option<&dyn Sampler>,
    owner: u32,
) -> Opened {
    if local.current().is_closed() {
        return Opened::NOTHING;
    }
    match Admission::of(local, site) {
        Admission::Wanted(gate) => root(local, site, gate, remote, name, sampler, owner),
        // A parent in another process stays the one of what opens inside.
        Admission::Filtered => Opened { inside: remote },
        Admission::Off => Opened::NOTHING,
    }
}

/// Opens a span for this scope.
///
/// What stands in the user's function is this: two looks, and a call where the span is recorded. The rest is one
/// function for the whole program, which stays in the instruction cache.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn open(site: &'static CallSite) -> SpanGuard {
    if gates::is_off(site.gate()) || Local::here().is_unrecorded() {
        SpanGuard::nothing()
    } else {
        open_recorded(site)
    }
}

#[inline(never)]
fn open_recorded(site: &'static CallSite) -> SpanGuard {
    let gate = site.gate();
    let local = Local::here();
    if gates::is_plain(gate)
        && local.flags() & flag::SAMPLED != 0
        && let Some(slot) = local.take_fast()
    {
        let span_id = open_fast(local, slot, gate, local.token.get());
        return SpanGuard::enter_child(local, slot, span_id);
    }
    open_slowly(site)
}

/// Opens a child of the current span in a slot, by the fast clock.
#[inline(always)]
fn open_fast(local: &Local, slot: &'static Slot, gate: u32, owner: u32) -> u64 {
    write_first_line(local, slot, gate, local.current(), 0, owner, clock::fast_ticks)
}

/// Everything but a child of a recorded span in a slot that is reserved.
#[cold]
#[inline(never)]
fn open_slowly(site: &'static CallSite) -> SpanGuard {
    let local = Local::here();
    match refilled(local, site) {
        // A child that only had to wait for its slot closes by the fast path.
        Some(Ok(slot)) => {
            let span_id = open_fast(local, slot, site.gate(), local.token.get());
            SpanGuard::enter_child(local, slot, span_id)
        }
        Some(Err(_)) => SpanGuard::enter(local, lost(local, local.current())),
        None => SpanGuard::enter(local, begin(local, site, OWNED)),
    }
}

/// A slot for a span that could have opened by the fast path, had there been one; none for any other span.
fn refilled(local: &Local, site: &'static CallSite) -> Option<Result<&'static Slot, DropReason>> {
    let fast = gates::is_plain(site.gate()) && local.flags() & flag::SAMPLED != 0 && local.let_go();
    fast.then(|| local.refill())
}

/// Opens the root of a new trace for this scope.
pub fn open_root(site: &'static CallSite) -> SpanGuard {
    Local::with(|local| SpanGuard::enter(local, begin_root(local, site, OWNED)))
}

/// Opens a span for a future that is awaited where it stands; it is entered at each poll.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn open_task(site: &'static CallSite) -> TaskSpan {
    if gates::is_off(site.gate()) {
        TaskSpan::nothing()
    } else if Local::here().is_unrecorded() {
        TaskSpan::unrecorded()
    } else {
        open_recorded_task(site, false)
    }
}

/// Opens a span for a future that may be polled anywhere: without a span of its own, because the trace is not recorded
/// or the filter keeps it out, it carries what is current here.
pub fn open_step(site: &'static CallSite) -> TaskSpan {
    let gate = site.gate();
    if gates::is_off(gate) && !gates::is_filtered(gate) {
        TaskSpan::nothing()
    } else if Local::here().is_unrecorded() {
        TaskSpan::carrying_current(Local::here())
    } else {
        open_recorded_task(site, true)
    }
}

#[inline(never)]
fn open_recorded_task(site: &'static CallSite, carries: bool) -> TaskSpan {
    let gate = site.gate();
    let local = Local::here();
    if gates::is_plain(gate)
        && local.flags() & flag::SAMPLED != 0
        && let Some(slot) = local.take_fast()
    {
        open_fast(local, slot, gate, state::DETACHED);
        return TaskSpan::child(slot);
    }
    open_task_slowly(site, carries)
}

#[cold]
#[inline(never)]
fn open_task_slowly(site: &'static CallSite, carries: bool) -> TaskSpan {
    let local = Local::here();
    match refilled(local, site) {
        Some(Ok(slot)) => {
            open_fast(local, slot, site.gate(), state::DETACHED);
            TaskSpan::child(slot)
        }
        Some(Err(_)) => TaskSpan::new(local, lost(local, local.current())),
        None => {
            let opened = begin(local, site, state::DETACHED);
            if carries { wrapper(local, site, opened) } else { task(local, opened) }
        }
    }
}

/// A task around what was opened; around what is current, where that is a trace which is not recorded.
fn task(local: &Local, opened: Opened) -> TaskSpan {
    let current = local.current();
    if opened.is_nothing() && current.flags & flag::ACTIVE != 0 && !current.is_sampled() {
        return TaskSpan::carrying_current(local);
    }
    TaskSpan::new(local, opened)
}

/// The same for a future that may be polled anywhere: around what is current, also where the filter kept its own span out.
pub(super) fn wrapper(local: &Local, site: &'static CallSite, opened: Opened) -> TaskSpan {
    if opened.is_nothing() && Admission::of(local, site) == Admission::Filtered {
        return TaskSpan::carrying_current(local);
    }
    task(local, opened)
}

/// Opens the root of a new trace for a future.
pub fn open_task_root(site: &'static CallSite) -> TaskSpan {
    Local::with(|local| task(local, begin_root(local, site, state::DETACHED)))
}
