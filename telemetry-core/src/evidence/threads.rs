//! Threads by their numbers in the system.

/// The calling thread's number in the system.
pub(super) fn this() -> u32 {
    // SAFETY: asks the system for a number.
    #[allow(unsafe_code, reason = "the standard library does not tell")]
    let id = unsafe { libc::syscall(libc::SYS_gettid) };
    id as u32
}

/// Whether a thread of this process has ended.
pub(super) fn has_ended(thread: u32) -> bool {
    // SAFETY: signal zero is sent to nobody; the system only says whether it could be.
    #[allow(unsafe_code, reason = "the standard library does not tell")]
    let found = unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), thread, 0) };
    found != 0
}
