//! The evidence of this process while it runs, to the shutdown of telemetry.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::format::{ALIVE_AT, CLEAN, Header, STATE_AT};
use super::{forks, journal, signals};
use crate::clock::Line;
use crate::forking::Anew;
use crate::ring::Slot;

/// Evidence that runs.
pub(super) struct Running {
    pub(super) file: Arc<File>,
    pub(super) path: PathBuf,
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

/// The evidence of this process. The child of a fork begins without any, whoever had it locked in the parent.
static RUNNING: LazyLock<Anew<Option<Running>>> = LazyLock::new(Anew::default);

/// Nobody holds it while code of the user's runs.
fn lock() -> MutexGuard<'static, Option<Running>> {
    RUNNING.lock()
}

/// The lock, for those who must not wait for ever.
pub(super) fn mutex() -> &'static Mutex<Option<Running>> {
    RUNNING.here()
}

/// Says what runs from here on.
pub(super) fn set(running: Running) {
    *lock() = Some(running);
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
/// the child of a fork that has none of its own.
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

/// The wall clock, in nanoseconds since the Unix epoch.
pub(super) fn unix_nanos() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}
