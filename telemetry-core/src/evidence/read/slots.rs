//! Slots of another process: what each one's bytes say, whoever wrote them.

use std::mem::offset_of;

use super::super::format::SLOT_BYTES;
use crate::ring::{ATTRIBUTE_BYTES, Body, EVENT_BYTES, NAME_BYTES, Slot, state};

/// A slot, taken out of its bytes.
pub(super) struct RawSlot {
    pub(super) life: Life,
    /// The call site's number and the flags of the trace.
    pub(super) word: u32,
    pub(super) body: Body,
}

/// How far the span in a slot has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// No span has ever been here, or one was just being opened.
    Empty,
    /// Entered on the thread with this token.
    Entered(u32),
    /// Open, and entered nowhere.
    Waiting,
    /// It has ended; the drain may have had it.
    Ended,
}

impl RawSlot {
    pub(super) fn read(bytes: &[u8; SLOT_BYTES]) -> Self {
        const BODY: usize = offset_of!(Slot, body);
        let owner = u32::from_ne_bytes(array(bytes, offset_of!(Slot, owner)));
        let number = |at: usize| u64::from_ne_bytes(array(bytes, BODY + at));
        let short = |at: usize| u16::from_ne_bytes(array(bytes, BODY + at));
        let body = Body {
            trace_high: number(offset_of!(Body, trace_high)),
            trace_low: number(offset_of!(Body, trace_low)),
            span_id: number(offset_of!(Body, span_id)),
            parent_id: number(offset_of!(Body, parent_id)),
            start: number(offset_of!(Body, start)),
            end: number(offset_of!(Body, end)),
            attribute_len: bytes[BODY + offset_of!(Body, attribute_len)],
            event_len: bytes[BODY + offset_of!(Body, event_len)],
            dropped_attributes: short(offset_of!(Body, dropped_attributes)),
            dropped_events: short(offset_of!(Body, dropped_events)),
            bits: short(offset_of!(Body, bits)),
            name: array::<NAME_BYTES>(bytes, BODY + offset_of!(Body, name)),
            attributes: array::<ATTRIBUTE_BYTES>(bytes, BODY + offset_of!(Body, attributes)),
            events: array::<EVENT_BYTES>(bytes, BODY + offset_of!(Body, events)),
        };
        let word = u32::from_ne_bytes(array(bytes, offset_of!(Slot, site)));
        Self { life: life(owner, &body), word, body }
    }
}

fn life(owner: u32, body: &Body) -> Life {
    match owner {
        _ if body.span_id == 0 || body.start == 0 => Life::Empty,
        state::DETACHED => Life::Waiting,
        state::FREE | state::COMPLETE if body.end < body.start => Life::Empty,
        state::FREE | state::COMPLETE => Life::Ended,
        token => Life::Entered(token),
    }
}

fn array<const N: usize>(bytes: &[u8; SLOT_BYTES], at: usize) -> [u8; N] {
    bytes[at..at + N].try_into().expect("the place of a field lies in the slot")
}
