//! Standard output as a sink has to have it: what has been taken has been written.

use std::io::{self, Write};

/// Standard output, past the buffer that the standard library keeps of its last line: where a write fails halfway, on a disk
/// that fills for instance, nobody could tell how much of that buffer has gone out.
///
/// What others print stays before and behind each write.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct StandardOutput;

impl Write for StandardOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut locked = io::stdout().lock();
        locked.flush()?;
        #[cfg(unix)]
        let taken = {
            use std::fs::File;
            use std::os::fd::AsFd;

            // Looked up at each write: a program may lead its output elsewhere.
            File::from(locked.as_fd().try_clone_to_owned()?).write(bytes)
        };
        #[cfg(not(unix))]
        let taken = locked.write(bytes);
        taken
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}
