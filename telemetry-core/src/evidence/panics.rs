//! Panics: each is noted in the file, and a report is written of one a second.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::panic::PanicHookInfo;
use std::path::Path;
use std::sync::Once;
use std::time::{Duration, Instant};

use super::format::{CAUSE_TEXT, CauseHead, Header, PANIC, PANIC_AT, RawCause};
use super::locks::patiently;
use super::running::{self, Running};
use super::{directory, file, forks, journal, threads};
use crate::caught::text_of;
use crate::context::Local;
use crate::span::floor_char_boundary;
use crate::standard_error::say;

/// Reports that a process has at the same time: a further one takes the place of its oldest.
const REPORTS: u32 = 4;
/// The time between two of them.
const BETWEEN: Duration = Duration::from_secs(1);

/// Puts a hook in front of the one there is, once for the process.
pub(super) fn watch() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            // A sink's panic is the drain's to report.
            if forks::is_owner() && !Local::with(|local| local.current().is_suppressed()) {
                note(info);
            }
            previous(info);
        }));
    });
}

/// Notes a panic. Nobody knows yet whether somebody will catch it.
fn note(info: &PanicHookInfo<'_>) {
    let Some(mut running) = patiently(running::mutex()) else { return };
    let Some(running) = running.as_mut() else { return };
    let cause = cause(info);
    let _ = running.file.write_all_at(&cause.write(), PANIC_AT);
    if running.last_report.is_some_and(|last| last.elapsed() < BETWEEN) {
        return;
    }
    running.last_report = Some(Instant::now());
    running.reports += 1;
    let path =
        running.path.with_extension(format!("{}{}", directory::PANIC, (running.reports - 1) % REPORTS + 1));
    let unfinished = file::unfinished(&path);
    match write(running, cause, &unfinished).and_then(|()| fs::rename(&unfinished, &path)) {
        Ok(()) => directory::retain(path.parent().unwrap_or(Path::new(".")), running.keep),
        Err(error) => {
            let _ = fs::remove_file(unfinished);
            say(&format_args!("the report of a panic, {}, cannot be written: {error}", path.display()));
        }
    }
}

/// Writes a whole file: what the ring holds now, and the log.
fn write(running: &Running, cause: RawCause, path: &Path) -> io::Result<()> {
    // One that was left unfinished goes; what is made is new, wherever the directory is.
    let _ = fs::remove_file(path);
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let alive_unix_nanos = cause.head.unix_nanos;
    let header =
        Header { cause: Some(cause), alive_unix_nanos, slots_are_here: true, ..running.header.clone() };
    file.write_all_at(&header.write(), 0)?;
    file::write_slots(&file, running.slots)?;
    if journal::copy(&file, header.log_at())? {
        return Ok(());
    }
    Err(io::Error::other("its call sites are being written by another thread"))
}

fn cause(info: &PanicHookInfo<'_>) -> RawCause {
    let message = text_of(info.payload());
    let mut text = info.location().map_or_else(|| message.to_owned(), |place| format!("{message} ({place})"));
    text.truncate(floor_char_boundary(&text, CAUSE_TEXT));
    let head = CauseHead {
        kind: PANIC,
        signal: 0,
        code: 0,
        thread: threads::this(),
        address: 0,
        unix_nanos: running::unix_nanos(),
        text_len: text.len() as u32,
    };
    RawCause { head, text }
}
