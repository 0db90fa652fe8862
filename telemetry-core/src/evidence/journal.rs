//! The log of a running process: what a slot refers to is written down before any slot refers to it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, LazyLock, MutexGuard};

use super::bytes::{put_text, put_u32, put_u64};
use super::format::{LOST_AT, kind};
use super::images::{self, Image};
use super::locks::patiently;
use super::{file, forks, sites, threads};
use crate::clock::Line;
use crate::context::watch_threads;
use crate::forking::Anew;
use crate::span::{CallSite, floor_char_boundary, gates, watch_names};

/// Bytes of memory that are copied, at the most: a program's read-only data, once.
const MAX_MEMORY: u64 = 64 << 20;
/// Threads that have a record at the same time; a further one takes the place of one that has ended.
const MAX_THREADS: usize = 4_096;
/// Records that are asked, at the most, whether their thread has ended.
const ASKED: usize = 64;
/// Bytes of a thread's name, at the most.
const THREAD_NAME: usize = 48;

/// The log of the file that is being written.
pub(super) struct Journal {
    file: Arc<File>,
    /// Where the next record goes.
    end: u64,
    /// The memory that has been copied.
    copied: Vec<Image>,
    memory_left: u64,
    /// The lines by their numbers, and where they are written, if that could be done.
    lines: Vec<(Line, Option<u64>)>,
    /// The threads by their numbers in the system, and where they are written.
    threads: Vec<(u32, u64)>,
    /// The thread to be asked next whether it has ended.
    next: usize,
    lost: u32,
}

/// The log of this process, while it has evidence. The child of a fork begins without one, whoever had it locked in the
/// parent.
static JOURNAL: LazyLock<Anew<Option<Journal>>> = LazyLock::new(Anew::default);

fn lock() -> MutexGuard<'static, Option<Journal>> {
    JOURNAL.lock()
}

/// Begins the log with what is known of the process, and goes on with all that comes to be known.
pub(super) fn open(file: Arc<File>, at: u64, process: [&str; 3]) {
    let journal = Journal {
        file,
        end: at,
        copied: Vec::new(),
        memory_left: MAX_MEMORY,
        lines: Vec::new(),
        threads: Vec::new(),
        next: 0,
        lost: 0,
    };
    *lock() = Some(journal);
    with(|journal| {
        let mut payload = Vec::new();
        for text in process {
            put_text(&mut payload, text);
        }
        journal.record(kind::PROCESS, &payload);
        journal.cover(crate::span::anchor());
    });
    gates::watch(site);
    watch_names(name);
    watch_threads(thread);
}

/// Ends the log.
pub(super) fn close() {
    lock().take();
}

/// Notes how ticks are turned into time, where that has changed.
pub(super) fn lines(lines: &[Line]) {
    with(|journal| {
        for (number, line) in lines.iter().enumerate() {
            let known = journal.lines.get(number).copied();
            if known.is_some_and(|(known, _)| known == *line) {
                continue;
            }
            let mut payload = Vec::new();
            put_u32(&mut payload, number as u32);
            for part in [line.ticks, line.wall, line.rate] {
                put_u64(&mut payload, part);
            }
            let at = match known {
                Some((_, Some(at))) => {
                    journal.rewrite(at, &payload);
                    Some(at)
                }
                _ => journal.record(kind::LINE, &payload),
            };
            match journal.lines.get_mut(number) {
                Some(known) => *known = (*line, at),
                None => journal.lines.push((*line, at)),
            }
        }
    });
}

/// Copies the log to the same place in another file; false where that cannot be done now.
pub(super) fn copy(to: &File, from: u64) -> io::Result<bool> {
    let Some(journal) = patiently(JOURNAL.here()) else { return Ok(false) };
    let Some(journal) = journal.as_ref() else { return Ok(false) };
    let mut part = vec![0; 256 << 10];
    let mut at = from;
    while at < journal.end {
        let wanted = part.len().min((journal.end - at) as usize);
        // The last record may lack the bytes that fill it up.
        let len = journal.file.read_at(&mut part[..wanted], at)?;
        if len == 0 {
            break;
        }
        to.write_all_at(&part[..len], at)?;
        at += len as u64;
    }
    Ok(true)
}

fn site(number: u32, site: &'static CallSite) {
    with(|journal| {
        journal.cover(site.site.name.as_ptr().addr() as u64);
        journal.record(kind::SITE, &sites::write(number, site));
    });
}

fn name(name: &'static str) {
    with(|journal| {
        let mut payload = Vec::new();
        put_u64(&mut payload, name.as_ptr().addr() as u64);
        payload.extend(name.as_bytes());
        journal.record(kind::MEMORY, &payload);
    });
}

fn thread(token: u32) {
    with(|journal| {
        let id = threads::this();
        let current = std::thread::current();
        let name = current.name().unwrap_or_default();
        let mut payload = Vec::new();
        put_u32(&mut payload, token);
        put_u32(&mut payload, id);
        put_text(&mut payload, &name[..floor_char_boundary(name, THREAD_NAME)]);
        // One length for all, so that any can take the place of any.
        payload.resize(12 + THREAD_NAME, 0);
        if journal.threads.len() < MAX_THREADS {
            let at = journal.record(kind::THREAD, &payload);
            journal.threads.extend(at.map(|at| (id, at)));
        } else if let Some(place) = journal.ended_thread() {
            let at = journal.threads[place].1;
            journal.threads[place].0 = id;
            journal.rewrite(at, &payload);
        } else {
            journal.lose();
        }
    });
}

/// Runs `work` on the log, if this process has one.
fn with(work: impl FnOnce(&mut Journal)) {
    if forks::is_owner()
        && let Some(journal) = lock().as_mut()
    {
        work(journal);
    }
}

impl Journal {
    /// Appends a record, and returns where; counts it when it cannot be written.
    fn record(&mut self, kind: u32, payload: &[u8]) -> Option<u64> {
        let at = self.end;
        let written = self.file.write_all_at(payload, at + 8);
        self.finish(kind, payload.len(), written).then_some(at)
    }

    /// Puts another payload of the same length in the place of a record's.
    fn rewrite(&mut self, at: u64, payload: &[u8]) {
        if self.file.write_all_at(payload, at + 8).is_err() {
            self.lose();
        }
    }

    /// The place of a thread that has ended, among the next few.
    fn ended_thread(&mut self) -> Option<usize> {
        (0..ASKED).find_map(|_| {
            let place = self.next;
            self.next = (place + 1) % self.threads.len();
            threads::has_ended(self.threads[place].0).then_some(place)
        })
    }

    /// Appends a copy of memory, as much as may still be copied.
    fn memory(&mut self, image: Image) {
        let len = image.len.min(self.memory_left as usize);
        self.memory_left -= len as u64;
        let memory = std::ptr::with_exposed_provenance(image.address);
        let address = (image.address as u64).to_le_bytes();
        let written = self
            .file
            .write_all_at(&address, self.end + 8)
            .and_then(|()| file::write_memory(&self.file, memory, len, self.end + 16));
        self.finish(kind::MEMORY, 8 + len, written);
    }

    /// Puts the head before a record; false where that cannot be. It comes last: what is not whole is behind the end.
    fn finish(&mut self, kind: u32, len: usize, written: io::Result<()>) -> bool {
        let mut head = Vec::new();
        put_u32(&mut head, kind);
        put_u32(&mut head, len as u32);
        let whole = written.and_then(|()| self.file.write_all_at(&head, self.end)).is_ok();
        if whole {
            self.end = (self.end + 8 + len as u64).next_multiple_of(8);
        } else {
            // What has been written of it must not be taken for a record. The slots lie before the end.
            let _ = self.file.set_len(self.end);
            self.lose();
        }
        whole
    }

    /// Counts a record that is not written.
    fn lose(&mut self) {
        self.lost += 1;
        // Where this cannot be written either, the reader finds out by itself.
        let _ = self.file.write_all_at(&self.lost.to_le_bytes(), LOST_AT);
    }

    /// Copies the read-only memory around an address, unless that has been done.
    fn cover(&mut self, address: u64) {
        if !self.copied.iter().any(|image| image.contains(address)) {
            for image in images::around(address) {
                self.copied.push(image);
                self.memory(image);
            }
        }
    }
}
