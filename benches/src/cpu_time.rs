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

/// What the host of a virtual machine has kept of its processors' time for others, where Linux shows it; nothing elsewhere.
pub fn stolen() -> Duration {
    let figures = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    Duration::from_millis(10 * stolen_ticks(&figures).unwrap_or(0))
}

/// The eighth figure of the line `cpu  1 2 3 …`, in hundredths of a second.
fn stolen_ticks(figures: &str) -> Option<u64> {
    figures.lines().next()?.strip_prefix("cpu ")?.split_whitespace().nth(7)?.parse().ok()
}

fn duration(time: Timespec) -> Duration {
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stolen_time_is_the_eighth_figure() {
        assert_eq!(stolen_ticks("cpu  1 2 3 4 5 6 7 61 0 0\ncpu0 1"), Some(61));
        assert_eq!(stolen_ticks("cpu  1 2"), None);
    }
}
