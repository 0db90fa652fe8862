//! Beginning the evidence of this process.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Arc, Once};

use super::format::Header;
use super::options::{CrashEvidence, EvidenceError};
use super::running::{self, Running, unix_nanos};
use super::{directory, file, forks, journal, panics, signals};
use crate::clock::Line;
use crate::ring::Slot;

/// What a process that begins its evidence has and finds.
#[derive(Debug)]
pub(crate) struct Begun {
    /// Its file.
    pub(crate) path: PathBuf,
    /// What earlier processes that died have left.
    pub(crate) crashes: Vec<PathBuf>,
}

/// A file that is made and has room, but says nothing yet.
pub(crate) struct Opening {
    options: CrashEvidence,
    file: File,
    path: PathBuf,
    capacity: usize,
    started_unix_nanos: u64,
    crashes: Vec<PathBuf>,
}

impl Opening {
    /// Looks after earlier processes, and makes a file for a ring of `capacity` slots.
    pub(crate) fn new(options: CrashEvidence, service: &str, capacity: usize) -> Result<Self, EvidenceError> {
        directory::make(&options.directory)?;
        let crashes = directory::sweep(&options.directory);
        directory::retain(&options.directory, options.keep);
        let started_unix_nanos = unix_nanos();
        let stem = directory::stem(service, std::process::id(), started_unix_nanos);
        let path = options.directory.join(stem).with_extension(directory::RUNNING);
        let unfinished = file::unfinished(&path);
        let file = file::create(&unfinished)?;
        if let Err(error) = file::reserve(&file, capacity, &path) {
            let _ = fs::remove_file(unfinished);
            return Err(error);
        }
        Ok(Self { options, file, path, capacity, started_unix_nanos, crashes })
    }

    /// Whether the ring is to lie in the file.
    pub(crate) const fn wants_ring(&self) -> bool {
        self.options.ring_in_file
    }

    /// Slots in the file, for a ring of the capacity the file was made for.
    pub(crate) fn map(&self, capacity: usize) -> Option<&'static [Slot]> {
        let slots = file::map(&self.file, capacity).filter(|_| capacity == self.capacity)?;
        forks::part(slots);
        Some(slots)
    }

    /// Gives up, there being no ring.
    pub(crate) fn without_ring(self) -> EvidenceError {
        let _ = fs::remove_file(file::unfinished(&self.path));
        EvidenceError::NoRing
    }

    /// Begins: from here on the file tells of this process, whose ring lies in `slots`.
    pub(crate) fn begin(
        self,
        slots: *const [Slot],
        ring_in_file: bool,
        process: [&str; 3],
        lines: &[Line],
    ) -> Result<Begun, EvidenceError> {
        let header = Header {
            process_id: std::process::id(),
            capacity: slots.len() as u64,
            started_unix_nanos: self.started_unix_nanos,
            anchor: crate::span::anchor(),
            alive_unix_nanos: unix_nanos(),
            clean: false,
            slots_are_here: ring_in_file,
            lost: 0,
            cause: None,
            last_panic: None,
        };
        let unfinished = file::unfinished(&self.path);
        let finished =
            self.file.write_all_at(&header.write(), 0).and_then(|()| fs::rename(&unfinished, &self.path));
        if let Err(source) = finished {
            let _ = fs::remove_file(unfinished);
            return Err(EvidenceError::File { path: self.path, source });
        }
        let file = Arc::new(self.file);
        forks::own(&file);
        journal::open(Arc::clone(&file), header.log_at(), process);
        journal::lines(lines);
        if self.options.signals {
            signals::arm(&file, (!ring_in_file).then_some(slots));
        }
        running::set(Running {
            file,
            path: self.path.clone(),
            header,
            slots,
            keep: self.options.keep,
            reports: 0,
            last_report: None,
        });
        panics::watch();
        watch_exit();
        Ok(Begun { path: self.path, crashes: self.crashes })
    }
}

/// Ends the evidence when the process calls `exit`: that is no crash.
fn watch_exit() {
    static WATCHING: Once = Once::new();
    WATCHING.call_once(|| {
        // SAFETY: the handler takes no arguments and does not unwind.
        #[allow(unsafe_code, reason = "the standard library does not tell of exits")]
        unsafe {
            libc::atexit(at_exit);
        }
    });
}

extern "C" fn at_exit() {
    running::end();
}
