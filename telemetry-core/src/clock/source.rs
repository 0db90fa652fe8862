//! Where ticks come from: the time-stamp counter where the kernel trusts it, the monotonic clock elsewhere.

use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// A source of ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Source {
    /// Not chosen yet.
    Unset = 0,
    /// The processor's time-stamp counter.
    Tsc = 1,
    /// The operating system's monotonic clock; ticks are nanoseconds.
    Monotonic = 2,
    /// Set by hand; ticks are nanoseconds since the Unix epoch.
    Manual = 3,
}

impl Source {
    /// The one that spans read by the fast path.
    pub(crate) const FAST: Self = if cfg!(target_arch = "x86_64") { Self::Tsc } else { Self::Monotonic };

    pub(crate) const fn from_u8(value: u8) -> Self {
        match value {
            1 => Self::Tsc,
            2 => Self::Monotonic,
            3 => Self::Manual,
            _ => Self::Unset,
        }
    }

    /// The best real clock of this machine.
    pub(crate) fn best() -> Self {
        static BEST: OnceLock<Source> = OnceLock::new();
        *BEST.get_or_init(|| if kernel_trusts_tsc() { Self::Tsc } else { Self::Monotonic })
    }

    /// Reads a real clock.
    pub(super) fn ticks(self) -> u64 {
        #[cfg(target_arch = "x86_64")]
        if self == Self::Tsc {
            return tsc();
        }
        monotonic_nanos()
    }
}

/// True where the kernel itself keeps time by the time-stamp counter, which it does only when the counters of all
/// processors agree and never stop.
fn kernel_trusts_tsc() -> bool {
    cfg!(all(target_os = "linux", target_arch = "x86_64"))
        && std::fs::read_to_string("/sys/devices/system/clocksource/clocksource0/current_clocksource")
            .is_ok_and(|source| source.trim() == "tsc")
}

/// Reads [`Source::FAST`].
#[inline(always)]
pub(crate) fn fast_ticks() -> u64 {
    #[cfg(target_arch = "x86_64")]
    return tsc();
    #[cfg(not(target_arch = "x86_64"))]
    monotonic_nanos()
}

/// Reads the time-stamp counter.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code, reason = "reading the counter has no safe wrapper")]
pub(super) fn tsc() -> u64 {
    // SAFETY: `rdtsc` has no preconditions on x86-64 and touches no memory.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// Nanoseconds since the first call.
pub(super) fn monotonic_nanos() -> u64 {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    // One second ahead, so that no reading is zero and small steps back stay positive.
    ORIGIN.get_or_init(Instant::now).elapsed().as_nanos() as u64 + 1_000_000_000
}

/// The wall clock, in nanoseconds since the Unix epoch.
pub(super) fn wall_nanos() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}
