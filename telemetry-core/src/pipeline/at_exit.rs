//! The end of the process by `exit` or by a return from `main` without the handle having been dropped.

use std::sync::Once;

/// Has what runs shut down at the end of the process; once for the process.
pub(super) fn watch() {
    static WATCHING: Once = Once::new();
    WATCHING.call_once(|| {
        #[cfg(unix)]
        // SAFETY: the handler is a function of this program, which panics into nobody. Where there is no room for another
        // handler the process ends as it would without.
        #[allow(unsafe_code, reason = "the standard library has no hook at the end of a process")]
        unsafe {
            libc::atexit(at_exit);
        }
        #[cfg(not(unix))]
        let _: extern "C" fn() = at_exit;
    });
}

/// Runs on the thread that ends the process, while the others still run.
extern "C" fn at_exit() {
    // A panic must not leave a function of this kind.
    if let Err(panic) = std::panic::catch_unwind(super::running::stop_at_exit) {
        std::mem::forget(panic);
    }
}
