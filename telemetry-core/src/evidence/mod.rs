//! What the process was doing when it died: the spans that were open, those that ended last, and the cause.
//!
//! Ask for it by [`TelemetryBuilder::crash_evidence`](crate::TelemetryBuilder::crash_evidence) or the setting
//! `CRASH_EVIDENCE_DIRECTORY`; nothing of this is done unasked. A process then has a file in that directory, with its
//! service's name and its number, which goes when telemetry shuts down or the process exits. One that dies leaves it
//! behind. The next process that starts with the same directory says so on standard error, once, and gives the file the
//! ending `.crash`; [`Telemetry::crashes`](crate::Telemetry::crashes) has the paths. [`read`] reads such a file, and what
//! it returns is displayed as trees:
//!
//! ```text
#![doc = include_str!("picture.txt")]
//! ```
//!
//! # What it holds after which end
//! | end | what the file says |
//! | --- | --- |
//! | `kill -9`, out of memory, `SIGTERM` that nobody handles, `_exit` | the spans, without a cause |
//! | `SIGSEGV`, `abort` and the like | the same; with [`CrashEvidence::signals`] also the signal, its address and the thread |
//! | a panic, caught or not | a report of its own, `.panic1` to `.panic4`, with the spans that were open as it began |
//! | no power | what the system had written to disk by then, which may not even be read |
//!
//! A panic that is caught and served, as a web server does, is written all the same: nobody can know then. So there is at
//! most one report a second and four a process, the newest in the place of the oldest, and it takes some milliseconds on
//! the thread that panicked. [`CrashEvidence::keep`] bounds what all processes together leave in the directory.
//!
//! # What it costs
//! The spans cost the same: [`CrashEvidence::ring_in_file`] puts the ring's memory into the file, and nothing else changes
//! where spans open and close. `benches/README.md` has the figures, and says when to choose a file system in memory. A
//! file is 64 KiB, 384 bytes a slot (6 MiB in a default ring), and the log: a copy of the program's read-only data (so that
//! names can be read without it, at most 64 MiB) and some hundred bytes a call site. Its room is reserved at the start. A file
//! in memory counts as the process's memory in a container.
//!
//! # Limits
//! - Linux only; elsewhere the start says that it cannot be had.
//! - A file that cannot be made is told on standard error, [`Telemetry::evidence`](crate::Telemetry::evidence) has the
//!   error, and telemetry runs without it.
//! - The child of a fork has a file of its own from its first span on, with its number in the name, which it makes there: some
//!   milliseconds, and the room of a file. One that records nothing has none. One that ends by `_exit` without a
//!   shutdown, as forked workers often do, leaves its file as a process that died does.
//! - A child's spans go nowhere near its parent's: at the fork the ring is copied, 6 MiB in three to four milliseconds, and
//!   a child without memory for that ends at once. A `clone` by hand, without the C library's handlers, would share it.
//! - Where the ring was in use before, by a pipeline that was shut down, it stays where it is: `kill -9` then leaves no spans.
//! - Room that was reserved may be missing all the same on file systems that copy on write and on thin volumes that are full;
//!   a store to the ring then ends the process by `SIGBUS`, as it would if another program cut the file short. A file system
//!   in memory has its room for good.
//! - Texts that are static but made while the program runs (by `Box::leak`) are shown as lost, but for
//!   [`Name::interned`](crate::Name::interned) ones. Attributes have the keys they were recorded under, whatever a call
//!   site makes of them when they are exported, and a `tracestate` is not kept.
//! - A span that was just being opened may be missing or show parts of the slot's last span; at most one a thread.
//! - The files are for the process's user alone (mode 0600) and hold what spans hold.
//! - The hook for panics calls the one that was there; a hook put in later must do the same for it to be called.

#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "files are only read there"))]
mod bytes;
#[cfg(target_os = "linux")]
mod directory;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod file;
#[cfg(target_os = "linux")]
mod forks;
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "files are only read there"))]
mod format;
#[cfg(target_os = "linux")]
mod images;
#[cfg(target_os = "linux")]
mod journal;
#[cfg(target_os = "linux")]
mod locks;
#[cfg(target_os = "linux")]
mod opening;
mod options;
#[cfg(target_os = "linux")]
mod panics;
mod read;
mod report;
#[cfg(target_os = "linux")]
mod running;
mod show;
#[cfg(target_os = "linux")]
mod signals;
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "files are only read there"))]
mod sites;
#[cfg(target_os = "linux")]
mod threads;

#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::{Begun, Opening, alive, end};
#[cfg(target_os = "linux")]
pub(crate) use opening::{Begun, Opening};
pub use options::{CrashEvidence, EvidenceError};
pub(crate) use options::{DEFAULT_KEEP, MAX_KEEP};
pub use read::{ReadError, read, read_from};
pub use report::{Cause, CauseKind, Fate, OpenSpan, Report, Thread};
#[cfg(target_os = "linux")]
pub(crate) use running::{alive, end};
