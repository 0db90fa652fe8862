//! Lines on standard error.

use std::fmt::Display;
use std::io::{self, Write};

use crate::forking::generation;

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
    if generation() != 0 {
        use std::fs::File;
        use std::os::fd::AsFd;

        if let Ok(copy) = io::stderr().as_fd().try_clone_to_owned() {
            let _ = File::from(copy).write_all(line.as_bytes());
        }
        return;
    }
    let _ = io::stderr().lock().write_all(line.as_bytes());
}
