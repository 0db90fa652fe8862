//! The evidence of this process, from the start of telemetry to its shutdown.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::format::{ALIVE_AT, CLEAN, Header, STATE_AT};
use super::options::{CrashEvidence, EvidenceError};
use super::{directory, file, forks, journal, panics, signals};
use crate::clock::Line;
use crate::ring::Slot;

/// Evidence that runs.
pub(super) struct Running {
    pub(super) file: Arc<File>,
    path: PathBuf,
    pub(super) header: Header,
    /// The slots of the ring, wherever they lie.
    pub(super) slots: *const [Slot],
    pub(super) keep: usize,
    /// Reports of panics that have been written.
    pub(super) reports: u32,
    pub(super) last_report: Option<Instant>,
}

// SAFETY: the pointer to the slots is only handed to the system, which reads them; they are never freed.
#[allow(unsafe_code, reason = "a raw pointer is not Send by itself")]
unsafe impl Send for Running {}

impl Running {
    /// Its file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

static RUNNING: Mutex<Option<Running>> = Mutex::new(None);

/// The evidence of this process. Nobody holds it while code of the user's runs.
pub(super) fn lock() -> MutexGuard<'static, Option<Running>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As [`lock`], for those who must not wait.
pub(super) fn try_lock() -> Option<MutexGuard<'static, Option<Running>>> {
    match RUNNING.try_lock() {
        Ok(running) => Some(running),
        Err(std::sync::TryLockError::Poisoned(running)) => Some(running.into_inner()),
        Err(std::sync::TryLockError::WouldBlock) => None,
    }
}

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
        *lock() = Some(Running {
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

/// Says that the process runs, and how ticks are turned into time by now.
pub(crate) fn alive(lines: impl FnOnce() -> Vec<Line>) {
    if !forks::is_owner() {
        return;
    }
    journal::lines(&lines());
    if let Some(running) = lock().as_ref() {
        // A file that takes no more is not worth a word each second.
        let _ = running.file.write_all_at(&unix_nanos().to_le_bytes(), ALIVE_AT);
    }
}

/// Ends the evidence: the process stops as it should, and nothing is left of its file. Does nothing a second time, nor in
/// the child of a fork.
pub(crate) fn end() {
    if !forks::is_owner() {
        return;
    }
    let Some(running) = lock().take() else { return };
    signals::disarm();
    journal::close();
    forks::disown();
    // Where the file cannot be removed, it says at least that nobody died.
    let _ = running.file.write_all_at(&CLEAN.to_le_bytes(), STATE_AT);
    let _ = fs::remove_file(&running.path);
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
    end();
}

/// The wall clock, in nanoseconds since the Unix epoch.
pub(super) fn unix_nanos() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}

/// Writes a line to standard error; where that is gone, there is nobody to tell.
pub(super) fn say(line: &dyn std::fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "telemetry: {line}");
}
