//! What a thread goes back to when it leaves the span of a future.

use std::ptr;

use crate::context::Local;
use crate::ring::Slot;

/// What a thread goes back to when it leaves a span.
///
/// | the span | `first` | `second` |
/// |---|---|---|
/// | recorded, entered from another span of its trace | the identifier of that span | its slot, with its mark |
/// | carried or not recorded, and current already | its identifier | twice the number of the innermost frame |
/// | any, entered where no span was current | the number of the innermost frame | twice the number of its own, and one |
/// | any, entered from elsewhere | the address of a [`Kept`](super::kept::Kept) | [`ELSEWHERE`] |
///
/// In the first case the innermost frame lies in the slot where the span's end will be written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Outer {
    pub(super) first: u64,
    pub(super) second: *const Slot,
}

/// No slot has this address, nor a current slot with its mark; and it is odd. No frame has the number zero.
const ELSEWHERE: *const Slot = ptr::without_provenance(1);

impl Outer {
    /// Nothing was entered.
    pub(super) const NONE: Self = Self { first: 0, second: ptr::null() };

    /// What is current stays so.
    #[inline(always)]
    pub(super) fn unmoved(local: &Local) -> Self {
        Self { first: local.span_id(), second: ptr::without_provenance((local.frame.get() << 1) as usize) }
    }

    /// The frame of [`Outer::unmoved`].
    pub(super) fn frame(self) -> u64 {
        self.second.addr() as u64 >> 1
    }

    /// Nothing is current outside, in the frame `around` this one.
    #[inline(always)]
    pub(super) fn nothing(frame: u64, around: u64) -> Self {
        Self { first: around, second: ptr::without_provenance((frame << 1 | 1) as usize) }
    }

    /// Whether it is [`Outer::kept`].
    #[inline(always)]
    pub(super) fn is_elsewhere(self) -> bool {
        ptr::eq(self.second, ELSEWHERE)
    }

    /// Entered from elsewhere, with what was current at this address.
    pub(super) fn kept(address: usize) -> Self {
        Self { first: address as u64, second: ELSEWHERE }
    }

    /// Whether it is [`Outer::nothing`] or [`Outer::kept`]: neither a slot nor unmoved.
    #[inline(always)]
    pub(super) fn is_other(self) -> bool {
        self.second.addr() & 1 != 0
    }
}
