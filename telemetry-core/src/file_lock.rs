//! The lock of a file, by which processes agree on whose it is.

use std::fs::File;
use std::io;

/// Takes the lock of a file; false where another has it. It is the open file's, so it ends when that is closed everywhere:
/// with the process at the latest, and the children of forks that have it still.
#[cfg(unix)]
#[allow(
    unsafe_code,
    reason = "the standard library locks files only in versions after the oldest supported one"
)]
pub(crate) fn try_lock(file: &File) -> io::Result<bool> {
    use std::os::fd::AsRawFd;

    // SAFETY: asks the system for the lock of a file that is open.
    if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == 0 {
        return Ok(true);
    }
    let error = io::Error::last_os_error();
    if error.kind() == io::ErrorKind::WouldBlock { Ok(false) } else { Err(error) }
}

/// Elsewhere nobody is asked.
#[cfg(not(unix))]
pub(crate) fn try_lock(_: &File) -> io::Result<bool> {
    Ok(true)
}
