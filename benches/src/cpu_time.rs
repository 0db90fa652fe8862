//! Processor time: what was worked, not what was waited for.

use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

/// The processor time of all threads of this process, ended ones included.
pub fn of_process() -> Duration {
    duration(clock_gettime(ClockId::ProcessCPUTime))
}

/// The processor time of the calling thread.
pub fn of_thread() -> Duration {
    duration(clock_gettime(ClockId::ThreadCPUTime))
}

fn duration(time: Timespec) -> Duration {
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
