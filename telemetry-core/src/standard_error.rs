//! Lines on standard error.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes a line, under the library's name; where standard error is gone, there is nobody to tell.
pub(crate) fn say(line: &dyn Display) {
    write(&format!("telemetry: {line}"));
}

/// Writes a line as it is.
///
/// In the child of a fork past the lock of the standard library, which a thread that is not there may hold.
pub(crate) fn write(line: &str) {
    let line = format!("{line}\n");
    #[cfg(unix)]
    if crate::forking::generation() != 0 {
        use std::fs::File;
        use std::mem::ManuallyDrop;
        use std::os::fd::FromRawFd;

        // Not a copy of it, for which there may be no descriptor left.
        #[allow(unsafe_code, reason = "the standard library has no other way past its lock")]
        // SAFETY: it is written to and not closed; where the process has closed it, that is an error.
        let mut standard_error = ManuallyDrop::new(unsafe { File::from_raw_fd(libc::STDERR_FILENO) });
        let _ = standard_error.write_all(line.as_bytes());
        return;
    }
    let _ = io::stderr().lock().write_all(line.as_bytes());
}
