//! The child of a fork: a copy of one thread, which must not go on with the identifiers of its parent.

use std::sync::Once;

use super::local::Local;

/// Watches for forks, once for the process.
pub(crate) fn watch_forks() {
    static WATCHING: Once = Once::new();
    WATCHING.call_once(|| {
        #[cfg(unix)]
        // SAFETY: the handler writes words of the calling thread's own block and does nothing else, which is allowed
        // after a fork.
        #[allow(unsafe_code, reason = "the system has no other way to tell")]
        unsafe {
            libc::pthread_atfork(None, None, Some(in_child));
        }
    });
}

#[cfg(unix)]
extern "C" fn in_child() {
    Local::with(Local::begin_anew);
}
