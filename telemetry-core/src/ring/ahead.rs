//! Asking for the lines of slots before they are needed.

use super::slot::SLOT_BYTES;

/// How many slots ahead their lines are asked for: four spans take longer than a line takes to come.
pub(super) const AHEAD: usize = 4;

/// Asks for a line of a slot that will most likely be written soon, the one that lies where `line` does in this span's
/// slot. Another processor has had it, and for writing it must come from there.
#[inline(always)]
pub(crate) fn prefetch_ahead<T>(line: *const T) {
    prefetch(line.wrapping_byte_add(AHEAD * SLOT_BYTES));
}

/// Asks for a line, for writing.
#[inline(always)]
#[allow(unsafe_code, reason = "prefetching has no safe wrapper")]
pub(super) fn prefetch<T>(line: *const T) {
    #[cfg(all(target_arch = "x86_64", not(loom)))]
    // SAFETY: a prefetch reads nothing and faults on no address; where the processor does not know this one, it does
    // nothing.
    unsafe {
        std::arch::asm!("prefetchw [{}]", in(reg) line, options(nostack, preserves_flags));
    }
    #[cfg(not(all(target_arch = "x86_64", not(loom))))]
    let _ = line;
}
