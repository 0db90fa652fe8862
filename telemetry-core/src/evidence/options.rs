//! What is wanted of crash evidence, and why it cannot be had.

use std::io;
use std::path::{Path, PathBuf};

/// Files of dead processes and reports of panics that are kept in a directory when nothing else is said.
pub(crate) const DEFAULT_KEEP: usize = 10;
/// The most that can be asked for.
pub(crate) const MAX_KEEP: usize = 1_000;

/// Where crash evidence goes, and what is done to have it: see [`evidence`](super).
///
/// ```
/// use telemetry_core::Telemetry;
/// use telemetry_core::evidence::CrashEvidence;
///
/// # let directory = std::env::temp_dir().join(format!("evidence-doctest-{}", std::process::id()));
/// let telemetry = Telemetry::builder()
///     .service_name("books")
///     .crash_evidence(CrashEvidence::in_directory(&directory).signals(true).keep(20))
///     .start()?;
/// # #[cfg(target_os = "linux")]
/// assert!(telemetry.evidence().unwrap().is_some_and(|path| path.exists()));
/// # drop(telemetry);
/// # let _ = std::fs::remove_dir_all(directory);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "to be handed to `TelemetryBuilder::crash_evidence`"]
pub struct CrashEvidence {
    pub(crate) directory: PathBuf,
    pub(crate) ring_in_file: bool,
    pub(crate) signals: bool,
    pub(crate) keep: usize,
}

impl CrashEvidence {
    /// Evidence in files of this directory, which is made if need be. Each process has files of its own there.
    pub fn in_directory(path: impl AsRef<Path>) -> Self {
        let directory = path.as_ref().to_owned();
        Self { directory, ring_in_file: true, signals: false, keep: DEFAULT_KEEP }
    }

    /// Whether the ring lies in the file, so that the spans are there whatever ends the process, `kill -9` included.
    /// Default: it does. Otherwise the spans are written where a panic or, with [`signals`](Self::signals), a fatal
    /// signal gives the time to.
    pub const fn ring_in_file(mut self, yes: bool) -> Self {
        self.ring_in_file = yes;
        self
    }

    /// Whether handlers are put in for `SIGSEGV`, `SIGBUS`, `SIGILL`, `SIGFPE`, `SIGABRT` and `SIGTRAP`, which note what
    /// the process dies of. Default: none are.
    pub const fn signals(mut self, yes: bool) -> Self {
        self.signals = yes;
        self
    }

    /// How many files of dead processes and reports of panics are kept in the directory, from 1 to 1,000; default 10.
    /// What is outside that range is taken for its nearest end. The oldest go first.
    pub const fn keep(mut self, files: usize) -> Self {
        self.keep = if files == 0 {
            1
        } else if files > MAX_KEEP {
            MAX_KEEP
        } else {
            files
        };
        self
    }
}

/// Why there is no crash evidence.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// The system is not Linux.
    #[error("crash evidence needs Linux")]
    Unsupported,
    /// The directory cannot be made.
    #[error("the directory {} for crash evidence cannot be made", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file cannot be made.
    #[error("the crash evidence {} cannot be made", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no ring to be kept.
    #[error("there is no memory for the ring that crash evidence would keep")]
    NoRing,
    /// There is no room for the file.
    #[error("the crash evidence {} needs {bytes} bytes, which cannot be had", path.display())]
    Room {
        /// The file.
        path: PathBuf,
        /// How long it is to be.
        bytes: u64,
        /// Why.
        source: io::Error,
    },
}
