//! The clocks: the processor's counter for the limit, the process's time for what everything costs together.
#![allow(unsafe_code, reason = "reading the time-stamp counter is an intrinsic")]

use rustix::time::{ClockId, clock_gettime};

/// Reads the clock as cheaply as the machine can: the time-stamp counter, unserialised.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(crate) fn ticks() -> u64 {
    // SAFETY: `rdtsc` has no preconditions on x86-64.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// Reads the clock as cheaply as the machine can: the operating system's, without the processor's own.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub(crate) fn ticks() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// The processor time of all threads of this process so far, in nanoseconds.
pub(crate) fn process_nanos() -> u64 {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    spent.tv_sec as u64 * 1_000_000_000 + spent.tv_nsec as u64
}
