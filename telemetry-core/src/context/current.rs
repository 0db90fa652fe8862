//! What a thread knows of its current span.

use std::ptr;

use crate::id::{SpanId, TraceId};
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
    /// All that a recorded trace can have.
    pub(crate) const RECORDED: u32 = EPOCH | RANDOM | SAMPLED | ACTIVE;
    /// The bits above them.
    pub(crate) const WIDTH: u32 = 11;
    /// The identifiers came from another process; the next span is a local root.
    pub(crate) const REMOTE: u32 = 1 << 11;
    /// … which has recorded its span.
    pub(crate) const REMOTE_SAMPLED: u32 = 1 << 12;
    /// The thread asks its sampler.
    pub(crate) const ASKING: u32 = 1 << 13;

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

    /// The identifiers as others see them.
    pub(crate) fn span_context(&self) -> Option<SpanContext> {
        let trace_id = TraceId::new(u128::from(self.trace_high) << 64 | u128::from(self.trace_low))?;
        let sampled = self.flags & (flag::SAMPLED | flag::REMOTE_SAMPLED) != 0;
        let random = self.flags & flag::RANDOM != 0;
        Some(SpanContext {
            trace_id,
            span_id: SpanId::new(self.span_id)?,
            trace_flags: u8::from(sampled) | u8::from(random) << 1,
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
    /// The W3C trace flags: bit 0 sampled, bit 1 random trace identifier.
    pub trace_flags: u8,
    /// True when it came from another process.
    pub remote: bool,
}

impl SpanContext {
    /// The sampled bit of the W3C trace flags.
    pub const SAMPLED: u8 = 1;
    /// The random bit of the W3C trace flags (level 2).
    pub const RANDOM: u8 = 2;

    /// Whether the span is recorded.
    pub const fn is_sampled(&self) -> bool {
        self.trace_flags & Self::SAMPLED != 0
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
