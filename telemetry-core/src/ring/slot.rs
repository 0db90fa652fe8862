//! The layout of a slot: 384 bytes, six cache lines, the first of which is all that a plain span touches.

use crate::sync::{AtomicU32, UnsafeCell};

/// Bytes in a slot.
pub(crate) const SLOT_BYTES: usize = 384;
/// Bytes for a dynamic name.
pub(crate) const NAME_BYTES: usize = 64;
/// Bytes for packed attributes.
pub(crate) const ATTRIBUTE_BYTES: usize = 128;
/// Bytes for packed events.
pub(crate) const EVENT_BYTES: usize = 128;

/// Values of [`Slot::owner`]; anything from [`state::FIRST_THREAD`] up is the token of the thread that has entered it.
pub(crate) mod state {
    /// Nobody's: free, or reserved and not yet opened.
    pub(crate) const FREE: u32 = 0;
    /// Closed; the consumer's to read.
    pub(crate) const COMPLETE: u32 = 1;
    /// Open, and entered on no thread.
    pub(crate) const DETACHED: u32 = 2;
    /// The smallest thread token.
    pub(crate) const FIRST_THREAD: u32 = 3;
}

/// One span in place.
#[repr(C, align(64))]
pub(crate) struct Slot {
    /// Who may write the body: see [`state`]. Written by the span's own thread (open, enter, leave, close) and by the
    /// consumer (back to free); read by the consumer and by handles that ask whether the span is theirs.
    pub(crate) owner: AtomicU32,
    /// The call site's number in the upper 17 bits, the flags of the trace in the lower 15.
    pub(crate) site: UnsafeCell<u32>,
    /// Everything else.
    pub(crate) body: UnsafeCell<Body>,
}

/// What the owner of a slot writes.
#[repr(C)]
pub(crate) struct Body {
    pub(crate) trace_high: u64,
    pub(crate) trace_low: u64,
    pub(crate) span_id: u64,
    pub(crate) parent_id: u64,
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// Bytes of `attributes` in use.
    pub(crate) attribute_len: u8,
    /// Bytes of `events` in use.
    pub(crate) event_len: u8,
    pub(crate) dropped_attributes: u16,
    pub(crate) dropped_events: u16,
    /// Kind, status, outcome, name mode and marks: see `span::bits`.
    pub(crate) bits: u16,
    pub(crate) name: [u8; NAME_BYTES],
    pub(crate) attributes: [u8; ATTRIBUTE_BYTES],
    pub(crate) events: [u8; EVENT_BYTES],
}

#[cfg(not(loom))]
const _: () = {
    use std::mem::{align_of, offset_of, size_of};
    assert!(size_of::<Slot>() == SLOT_BYTES);
    assert!(align_of::<Slot>() == 64);
    let body = offset_of!(Slot, body);
    assert!(body + offset_of!(Body, name) == 64);
    assert!(body + offset_of!(Body, attributes) == 128);
    assert!(body + offset_of!(Body, events) == 256);
};

// SAFETY: a slot's body is written only by the holder of its token (its reservation, its open span) and read by the
// consumer after an Acquire load of `owner` has shown COMPLETE; `ring/mod.rs` draws the path of the token.
#[allow(unsafe_code, reason = "slots are shared by construction; the token says who may touch them")]
unsafe impl Sync for Slot {}

impl Slot {
    #[cfg(any(loom, test))]
    pub(crate) fn new() -> Self {
        Self {
            owner: AtomicU32::new(state::FREE),
            site: UnsafeCell::new(0),
            body: UnsafeCell::new(Body {
                trace_high: 0,
                trace_low: 0,
                span_id: 0,
                parent_id: 0,
                start: 0,
                end: 0,
                attribute_len: 0,
                event_len: 0,
                dropped_attributes: 0,
                dropped_events: 0,
                bits: 0,
                name: [0; NAME_BYTES],
                attributes: [0; ATTRIBUTE_BYTES],
                events: [0; EVENT_BYTES],
            }),
        }
    }
}
