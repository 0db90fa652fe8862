//! What `/proc` says of the process at one moment.

use std::io;

/// The figures of the process.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Reading {
    pub(super) cpu_seconds: f64,
    pub(super) resident_bytes: f64,
    pub(super) virtual_bytes: f64,
    pub(super) threads: f64,
    pub(super) start_unix_seconds: f64,
    /// None where the system does not tell.
    pub(super) open_fds: Option<f64>,
    /// Infinite without a limit; none where the system does not tell.
    pub(super) max_fds: Option<f64>,
}

#[cfg(not(target_os = "linux"))]
impl Reading {
    pub(super) fn take() -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "they are read from /proc, which is Linux's"))
    }
}

#[cfg(target_os = "linux")]
impl Reading {
    /// Asks the kernel. Nothing is kept from one call to the next but when the machine was started, so that the child of
    /// a fork has its own figures.
    pub(super) fn take() -> io::Result<Self> {
        let stat = read("/proc/self/stat")?;
        let scale =
            Scale { ticks: rustix::param::clock_ticks_per_second(), page: rustix::param::page_size() };
        let limits = read("/proc/self/limits").ok();
        parse(&stat, boot_time()?, scale)
            .map(|reading| Self {
                open_fds: open_fds(),
                max_fds: limits.as_deref().and_then(max_fds),
                ..reading
            })
            .ok_or_else(|| malformed("/proc/self/stat"))
    }
}

/// What the kernel counts in.
#[cfg(target_os = "linux")]
#[derive(Clone, Copy)]
struct Scale {
    /// Clock ticks a second.
    ticks: u64,
    /// Bytes a page.
    page: usize,
}

/// Reads the fields of `/proc/self/stat`, as `proc_pid_stat(5)` numbers them. The second, the name of the program in
/// parentheses, may hold anything.
#[cfg(target_os = "linux")]
fn parse(stat: &str, boot_unix_seconds: f64, scale: Scale) -> Option<Reading> {
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok().map(|value| value as f64);
    let (ticks, page) = (scale.ticks as f64, scale.page as f64);
    Some(Reading {
        cpu_seconds: (field(14)? + field(15)?) / ticks,
        threads: field(20)?,
        start_unix_seconds: boot_unix_seconds + field(22)? / ticks,
        virtual_bytes: field(23)?,
        resident_bytes: field(24)? * page,
        open_fds: None,
        max_fds: None,
    })
}

/// When the machine was started. Asked for once: the kernel reckons it anew from the wall clock at every reading, and the
/// start of a process is not to wander.
#[cfg(target_os = "linux")]
fn boot_time() -> io::Result<f64> {
    static BOOT: std::sync::OnceLock<f64> = std::sync::OnceLock::new();
    if let Some(known) = BOOT.get() {
        return Ok(*known);
    }
    let seconds = read("/proc/stat")?
        .lines()
        .find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok())
        .ok_or_else(|| malformed("/proc/stat"))?;
    Ok(*BOOT.get_or_init(|| seconds))
}

/// The limit that holds now, the soft one.
#[cfg(target_os = "linux")]
fn max_fds(limits: &str) -> Option<f64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_ascii_whitespace().next()? {
        "unlimited" => Some(f64::INFINITY),
        limit => limit.parse().ok(),
    }
}

/// Since Linux 6.2 the directory's size is the number; before, its entries are counted, without the one that reading
/// takes.
#[cfg(target_os = "linux")]
fn open_fds() -> Option<f64> {
    const DIRECTORY: &str = "/proc/self/fd";
    match std::fs::metadata(DIRECTORY).ok()?.len() {
        0 => Some(std::fs::read_dir(DIRECTORY).ok()?.count().saturating_sub(1) as f64),
        count => Some(count as f64),
    }
}

#[cfg(target_os = "linux")]
fn read(path: &str) -> io::Result<String> {
    // The name of a program need not be UTF-8.
    let bytes =
        std::fs::read(path).map_err(|error| io::Error::new(error.kind(), format!("{path}: {error}")))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(target_os = "linux")]
fn malformed(path: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{path} is not as documented"))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    const SCALE: Scale = Scale { ticks: 100, page: 4096 };
    /// A line as the kernel writes it, of a program with a hostile name.
    const STAT: &str = "4242 (a) R 1 (b\n) S 1 4242 4242 0 -1 4194304 512 0 0 0 1234 66 0 0 20 0 7 0 250 \
                        104857600 2560 18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 3 0 0 0 0 0\n";

    #[test]
    fn fields_are_found_behind_any_name() {
        let reading = parse(STAT, 1_000.0, SCALE).unwrap();
        assert_eq!(
            reading,
            Reading {
                cpu_seconds: 13.0,
                resident_bytes: 2560.0 * 4096.0,
                virtual_bytes: 104_857_600.0,
                threads: 7.0,
                start_unix_seconds: 1_002.5,
                open_fds: None,
                max_fds: None,
            }
        );
    }

    #[test]
    fn a_text_that_is_cut_off_is_no_reading() {
        for end in 0..STAT.find("2560").unwrap() {
            assert_eq!(parse(&STAT[..end], 0.0, SCALE), None, "{:?}", &STAT[..end]);
        }
    }

    #[test]
    fn the_soft_limit_is_taken_and_may_be_none() {
        let limits = |soft: &str| {
            format!(
                "Limit                     Soft Limit           Hard Limit           Units     \n\
                     Max processes             1                    2                    processes \n\
                     Max open files            {soft}                 1048576              files     \n"
            )
        };
        assert_eq!(max_fds(&limits("1024")), Some(1024.0));
        assert_eq!(max_fds(&limits("unlimited")), Some(f64::INFINITY));
        assert_eq!(max_fds("Max processes 1 2 processes\n"), None);
    }
}
