//! A file that grows.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::Duration;

/// How often it is looked whether there is more.
const PERIOD: Duration = Duration::from_millis(200);

/// Where reading begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    Beginning,
    End,
}

/// Reads a file line by line, and goes on when it grows. One that becomes shorter is read from its beginning, and one that
/// is replaced, as a rotation does, is read in its new form.
pub(super) struct Follow {
    path: PathBuf,
    reader: BufReader<File>,
    position: u64,
    waits: bool,
    /// A line that has no end yet.
    begun: Vec<u8>,
}

impl Follow {
    pub(super) fn open(path: &Path, start: Start, waits: bool) -> io::Result<Self> {
        let mut reader = BufReader::new(File::open(path)?);
        let position = if start == Start::End { reader.seek(SeekFrom::End(0))? } else { 0 };
        Ok(Self { path: path.to_owned(), reader, position, waits, begun: Vec::new() })
    }

    /// Sends lines for as long as somebody takes them.
    pub(super) fn lines(mut self, send: &SyncSender<String>) -> io::Result<()> {
        loop {
            let read = self.reader.read_until(b'\n', &mut self.begun)?;
            self.position += read as u64;
            let whole = self.begun.ends_with(b"\n");
            if whole || (read == 0 && !self.waits && !self.begun.is_empty()) {
                let line = super::text(&self.begun);
                self.begun.clear();
                if send.send(line).is_err() {
                    return Ok(());
                }
            } else if read == 0 {
                if !self.waits {
                    return Ok(());
                }
                thread::sleep(PERIOD);
                self.renew()?;
            }
        }
    }

    /// Begins anew where the file is another, or shorter than it was.
    fn renew(&mut self) -> io::Result<()> {
        // Between the two steps of a rotation there is no file: the next look finds it.
        let Ok(now) = std::fs::metadata(&self.path) else { return Ok(()) };
        let ours = self.reader.get_ref().metadata()?;
        if !same(&ours, &now) || now.len() < self.position {
            self.reader = BufReader::new(File::open(&self.path)?);
            self.position = 0;
            self.begun.clear();
        }
        Ok(())
    }
}

#[cfg(unix)]
fn same(one: &std::fs::Metadata, other: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Elsewhere a file that is replaced is known by being shorter.
#[cfg(not(unix))]
fn same(_: &std::fs::Metadata, _: &std::fs::Metadata) -> bool {
    true
}
