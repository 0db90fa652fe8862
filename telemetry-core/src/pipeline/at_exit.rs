//! The end of the process by `exit` or by a return from `main` without the handle having been dropped.

use std::sync::Once;

use super::TelemetryBuilder;

impl TelemetryBuilder {
    /// Whether the end of the process by `std::process::exit`, or by a return from `main` while the handle is kept in a
    /// static or forgotten, shuts the pipeline down as dropping the handle does, within the same time; default true. On
    /// Unix, by `atexit`. Nothing can be done about `abort`, `_exit` and a signal that kills.
    pub const fn deliver_at_exit(mut self, deliver: bool) -> Self {
        self.at_exit = deliver;
        self
    }
}

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
