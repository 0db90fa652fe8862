//! The most memory this process has had at once.

use std::fs;

/// The peak of the resident memory in MiB, where the system shows it as Linux does; not a number elsewhere.
pub fn of_process() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    peak(&status).unwrap_or(f64::NAN)
}

/// The line `VmHWM:     1234 kB`, in MiB.
fn peak(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_from_its_line() {
        assert_eq!(peak("VmPeak:\t 9 kB\nVmHWM:\t    5120 kB\nVmRSS:\t 1 kB\n"), Some(5.0));
        assert_eq!(peak("VmRSS:\t 1 kB\n"), None);
    }
}
