//! What a thread knows of its current span.

use std::ptr;

use crate::id::{SpanId, TraceId};
use crate::propagate::{TraceState, kept};
use crate::ring::Slot;

/// Bits of [`Current::flags`]. Those of a recorded trace stand in the slot of each of its spans, beside the number of
/// the call site.
pub(crate) mod flag {
    /// The clock epoch of the trace, in the lowest eight bits.
    pub(crate) const EPOCH: u32 = 0xff;
    /// The trace identifier's low 56 bits are random (W3C level 2).
    pub(crate) const RANDOM: u32 = 1 << 8;
    /// … and recorded: children open by the fast path.
    pub(crate) const SAMPLED: u32 = 1 << 9;
    /// Inside a trace of this process whose decision is made.
    pub(crate) const ACTIVE: u32 = 1 << 10;
    /// Where the number stands under which the trace's state is found, zero for none: see `propagate::kept`.
    const STATE_SHIFT: u32 = 11;
    pub(crate) const STATE: u32 = 0xf << STATE_SHIFT;
    /// The trace is recorded although its sampler did not want it: the drain keeps it if it was slow or failed. Others are
    /// told that it is not sampled.
    pub(crate) const WATCHED: u32 = 1 << 15;
    /// All that a recorded trace can have.
    pub(crate) const RECORDED: u32 = EPOCH | RANDOM | SAMPLED | ACTIVE | STATE | WATCHED;
    /// The bits above them.
    pub(crate) const WIDTH: u32 = 16;
    /// The identifiers came from another process; the next span is a local root.
    pub(crate) const REMOTE: u32 = 1 << 16;
    /// … which has recorded its span.
    pub(crate) const REMOTE_SAMPLED: u32 = 1 << 17;
    /// The thread asks its sampler.
    pub(crate) const ASKING: u32 = 1 << 18;

    /// The number of the trace's state.
    pub(crate) const fn state(flags: u32) -> u32 {
        (flags & STATE) >> STATE_SHIFT
    }

    /// The flags with another number of a state.
    pub(crate) const fn with_state(flags: u32, number: u32) -> u32 {
        flags & !STATE | number << STATE_SHIFT
    }

    const _: () = assert!(RECORDED == (1 << WIDTH) - 1);
}

/// The current span of a thread: copied into a guard when a span opens and back when it closes.
#[derive(Clone, Copy)]
pub(crate) struct Current {
    pub(crate) trace_high: u64,
    pub(crate) trace_low: u64,
    pub(crate) span_id: u64,
    /// The span's slot when it is open here; null for a context that only carries identifiers.
    pub(crate) slot: *const Slot,
    pub(crate) flags: u32,
}

impl Current {
    /// No span.
    pub(crate) const NONE: Self =
        Self { trace_high: 0, trace_low: 0, span_id: 0, slot: ptr::null(), flags: 0 };

    /// Inside a trace that is not recorded and has no identifiers: nothing opens under it.
    pub(crate) const SUPPRESSED: Self = Self { flags: flag::ACTIVE, ..Self::NONE };

    pub(crate) const fn is_sampled(&self) -> bool {
        self.flags & flag::SAMPLED != 0
    }

    /// The thread is a sink's.
    pub(crate) const fn is_suppressed(&self) -> bool {
        self.flags & flag::ACTIVE != 0 && self.span_id == 0
    }

    /// Nothing opens here, not even a root: the thread is a sink's, or asks its sampler.
    pub(crate) const fn is_closed(&self) -> bool {
        self.is_suppressed() || self.flags & flag::ASKING != 0
    }

    /// The same identifiers and decision, without the right to write.
    pub(crate) const fn without_slot(self) -> Self {
        Self { slot: ptr::null(), ..self }
    }

    /// The trace's identifier as one number.
    pub(crate) fn trace(&self) -> u128 {
        u128::from(self.trace_high) << 64 | u128::from(self.trace_low)
    }

    /// What the systems that the trace has passed have noted about it.
    pub(crate) fn trace_state(&self) -> TraceState {
        kept::find(self.trace(), flag::state(self.flags))
    }

    /// The identifiers as others see them.
    pub(crate) fn span_context(&self) -> Option<SpanContext> {
        let trace_id = TraceId::new(self.trace())?;
        let watched = self.flags & flag::WATCHED != 0;
        let sampled = self.flags & (flag::SAMPLED | flag::REMOTE_SAMPLED) != 0 && !watched;
        let random = self.flags & flag::RANDOM != 0;
        Some(SpanContext {
            trace_id,
            span_id: SpanId::new(self.span_id)?,
            trace_flags: u8::from(sampled)
                | u8::from(random) << 1
                | if watched { SpanContext::WATCHED } else { 0 },
            remote: self.flags & flag::REMOTE != 0,
        })
    }
}

/// The identifiers of a span and whether it is recorded: what goes over the wire and into log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SpanContext {
    /// The trace.
    pub trace_id: TraceId,
    /// The span.
    pub span_id: SpanId,
    /// The W3C trace flags: bit 0 sampled, bit 1 random trace identifier. Bit 7 is this library's own ([`Self::WATCHED`])
    /// and never leaves the process.
    pub trace_flags: u8,
    /// True when it came from another process.
    pub remote: bool,
}

impl SpanContext {
    /// The sampled bit of the W3C trace flags.
    pub const SAMPLED: u8 = 1;
    /// The random bit of the W3C trace flags (level 2).
    pub const RANDOM: u8 = 2;

    /// Of a span that is recorded for now, and kept if its trace turns out slow or failed
    /// ([`KeepTraces`](crate::KeepTraces)). Not among the W3C trace flags: others are told what the sampler decided.
    pub const WATCHED: u8 = 0x80;

    /// Whether the sampler wants the span's trace recorded.
    pub const fn is_sampled(&self) -> bool {
        self.trace_flags & Self::SAMPLED != 0
    }

    /// As the current span of a thread that only carries it, with the number of the state it came with.
    pub(crate) fn to_current_with(self, state: u32) -> Current {
        let current = self.to_current();
        Current { flags: flag::with_state(current.flags, state), ..current }
    }

    /// As the current span of a thread that only carries it.
    pub(crate) fn to_current(self) -> Current {
        let trace = self.trace_id.to_u128();
        let sampled = if self.is_sampled() { flag::REMOTE_SAMPLED } else { 0 };
        let random = if self.trace_flags & Self::RANDOM != 0 { flag::RANDOM } else { 0 };
        Current {
            trace_high: (trace >> 64) as u64,
            trace_low: trace as u64,
            span_id: self.span_id.to_u64(),
            slot: ptr::null(),
            flags: flag::REMOTE | sampled | random,
        }
    }
}
