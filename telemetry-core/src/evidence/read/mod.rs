//! Reading a file that another process has left: nothing in it is believed.

mod origins;
mod slots;
#[cfg(test)]
mod tests;
mod texts;

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::format::{self, HEADER_BYTES, Header, Malformed, RawCause, SLOT_BYTES, SLOTS_AT};
use super::report::{Cause, Fate, OpenSpan, Report};
use crate::record::SpanRecord;
use crate::span::decode;
use slots::{Life, RawSlot};
use texts::Log;

/// Bytes of the log that are read, at the most.
const MAX_LOG: u64 = 256 << 20;
/// Open spans that are kept, at the most; further ones are counted.
const MAX_OPEN: usize = 100_000;
/// The spans that ended last, so many of them.
const LAST_ENDED: usize = 1_000;

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It cannot be opened or read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is something else.
    #[error("not a file of crash evidence")]
    NotEvidence,
    /// It was written by another version of this library.
    #[error("written in version {0} of the format, expected version {expected}", expected = format::VERSION)]
    Version(u32),
    /// It was written on another kind of machine.
    #[error("written on a machine of another byte order or slot layout, expected one like this")]
    Machine,
    /// It tells of a ring that cannot be.
    #[error("tells of a ring of {0} slots, expected a power of two up to {most}", most = format::MAX_CAPACITY)]
    Capacity(u64),
}

/// Reads what a process has left: which spans were open, which ended last, and what it died of, as far as that is known.
///
/// The file may come from anywhere: whatever is in it, reading ends, and takes memory in proportion to the file and at most
/// 256 MiB for texts that many spans share. A file that was cut short gives what is left of it. Open spans past 100,000 are counted only, and
/// the last 1,000 ended ones are kept. The file of a process that still runs can be read too; spans that change meanwhile
/// may be misread.
///
/// # Errors
/// When there is no such file, or it is none of this library's, of this version and of a machine like this.
pub fn read(path: impl AsRef<Path>) -> Result<Report, ReadError> {
    read_from(File::open(path)?)
}

/// Reads as [`read`] does, from wherever the bytes are.
///
/// # Errors
/// As for [`read`].
///
/// # Examples
/// ```
/// use telemetry_core::evidence::{ReadError, read_from};
/// let error = read_from(std::io::Cursor::new(b"something else")).unwrap_err();
/// assert!(matches!(error, ReadError::NotEvidence));
/// ```
pub fn read_from(mut file: impl Read + Seek) -> Result<Report, ReadError> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.by_ref().take(HEADER_BYTES as u64).read_to_end(&mut head)?;
    let header = Header::read(&head)?;
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(header.log_at()))?;
    file.by_ref().take(MAX_LOG).read_to_end(&mut bytes)?;
    let log = Log::read(bytes, header.anchor);
    let mut spans = Spans::new(&log);
    if header.slots_are_here {
        file.seek(SeekFrom::Start(SLOTS_AT))?;
        let mut slots = BufReader::with_capacity(256 * SLOT_BYTES, file);
        let mut bytes = [0; SLOT_BYTES];
        for _ in 0..header.capacity {
            match slots.read_exact(&mut bytes) {
                Ok(()) => spans.take(&bytes),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    spans.cut_short = true;
                    break;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(spans.report(&header))
}

impl From<Malformed> for ReadError {
    fn from(malformed: Malformed) -> Self {
        match malformed {
            Malformed::NotEvidence => Self::NotEvidence,
            Malformed::Version(version) => Self::Version(version),
            Malformed::Machine => Self::Machine,
            Malformed::Capacity(capacity) => Self::Capacity(capacity),
        }
    }
}

/// The spans as they are found.
struct Spans<'a> {
    log: &'a Log,
    conversion: crate::clock::Conversion,
    open: Vec<OpenSpan>,
    open_beyond: u64,
    /// By their end; the latest last.
    ended: VecDeque<(u64, Box<RawSlot>)>,
    ended_count: u64,
    /// The latest time that any span speaks of.
    latest: u64,
    cut_short: bool,
}

impl<'a> Spans<'a> {
    fn new(log: &'a Log) -> Self {
        let conversion = log.conversion();
        let (open, ended) = (Vec::new(), VecDeque::new());
        Self { log, conversion, open, open_beyond: 0, ended, ended_count: 0, latest: 0, cut_short: false }
    }

    fn take(&mut self, bytes: &[u8; SLOT_BYTES]) {
        let slot = RawSlot::read(bytes);
        match slot.life {
            Life::Empty => {}
            Life::Ended => {
                self.ended_count += 1;
                let end = slot.body.end;
                // A slot that ended before all that are kept is not worth keeping.
                let at = self.ended.partition_point(|(other, _)| *other <= end);
                if at != 0 || self.ended.len() < LAST_ENDED {
                    self.ended.insert(at, (end, Box::new(slot)));
                }
                if self.ended.len() > LAST_ENDED {
                    self.ended.pop_front();
                }
            }
            Life::Entered(_) | Life::Waiting if self.open.len() == MAX_OPEN => self.open_beyond += 1,
            Life::Entered(_) | Life::Waiting => {
                let record = self.record(&slot);
                let last_event = record.events.last().map_or(0, |event| event.time_unix_nanos);
                self.latest = self.latest.max(record.start_unix_nanos).max(last_event);
                let token = if let Life::Entered(token) = slot.life { Some(token) } else { None };
                let thread = token.map(|token| self.log.thread(token));
                self.open.push(OpenSpan { record, thread });
            }
        }
    }

    fn record(&self, slot: &RawSlot) -> SpanRecord {
        let texts = self.log.texts(decode::site_number(slot.word));
        decode::record(&texts, &self.conversion, slot.word, &slot.body)
    }

    fn report(mut self, header: &Header) -> Report {
        let ended: Vec<SpanRecord> = self.ended.iter().map(|(_, slot)| self.record(slot)).collect();
        let ended_last = ended.iter().map(SpanRecord::end_unix_nanos).max().unwrap_or(0);
        let cause = header.cause.as_ref().map(|cause| self.log.cause(cause));
        let seen = header.alive_unix_nanos.max(self.latest).max(ended_last);
        let until = cause.as_ref().map_or(seen, |cause| cause.unix_nanos);
        for span in &mut self.open {
            span.record.duration_nanos = until.saturating_sub(span.record.start_unix_nanos);
        }
        self.open.sort_by_key(|span| span.record.start_unix_nanos);
        let fate = match cause {
            Some(cause) => Fate::Died(cause),
            None if header.clean => Fate::Stopped,
            None => Fate::Unknown,
        };
        let [service, version, executable] = self.log.process.clone();
        Report {
            service,
            version,
            executable,
            process_id: header.process_id,
            started_unix_nanos: header.started_unix_nanos,
            until_unix_nanos: until,
            fate,
            last_panic: header.last_panic.as_ref().map(|cause| self.log.cause(cause)),
            threads: self.log.threads.clone(),
            open: self.open,
            open_beyond: self.open_beyond,
            ended,
            ended_count: self.ended_count,
            capacity: header.capacity,
            has_slots: header.slots_are_here,
            cut_short: self.cut_short,
            lost_records: u64::from(header.lost) + u64::from(self.log.malformed),
        }
    }
}

impl Log {
    fn cause(&self, raw: &RawCause) -> Cause {
        let head = raw.head;
        let thread = self.threads.iter().rev().find(|thread| thread.id == head.thread);
        let thread = thread.cloned().unwrap_or(super::Thread { token: 0, id: head.thread, name: None });
        Cause {
            kind: match head.kind {
                format::PANIC => super::CauseKind::Panic { message: raw.text.clone() },
                _ => super::CauseKind::Signal { number: head.signal, code: head.code, address: head.address },
            },
            thread,
            unix_nanos: head.unix_nanos,
        }
    }
}
