//! The file: a header, the slots of the ring, and a log of what the slots refer to.
//!
//! | at | what |
//! | --- | --- |
//! | 0 | the header, [`HEADER_BYTES`] long; numbers are little-endian |
//! | [`SLOTS_AT`] | the slots as they lie in the ring, 384 bytes each, numbers as the machine has them |
//! | behind them | the log: records of a kind (four bytes), a length (four) and so many bytes, filled up to eight |
//!
//! A kind of zero ends the log. Slots refer to call sites by number and to static texts by address; the log has the call
//! sites, and copies of the memory that the addresses lie in.

use super::bytes::{Reader, put_u32, put_u64};
use crate::ring::Slot;

/// What every file begins with.
pub(super) const MAGIC: [u8; 8] = *b"\x8atlmcrsh";
/// Changes whenever a reader of the one before would misread what is written.
pub(super) const VERSION: u32 = 2;
/// Reads differently on a machine of the other byte order.
const BYTE_ORDER: u32 = 0x0102_0304;
pub(super) const HEADER_BYTES: usize = 2_048;
/// A multiple of every page size, since the slots may be mapped.
pub(super) const SLOTS_AT: u64 = 65_536;
pub(super) const SLOT_BYTES: usize = size_of::<Slot>();
/// The most slots a ring has.
pub(super) const MAX_CAPACITY: u64 = 16_777_216;

/// Where those fields are that change while the process runs.
pub(super) const ALIVE_AT: u64 = 64;
pub(super) const STATE_AT: u64 = 72;
pub(super) const SLOTS_ARE_HERE_AT: u64 = 76;
pub(super) const LOST_AT: u64 = 80;
pub(super) const CAUSE_AT: u64 = 512;
pub(super) const PANIC_AT: u64 = 1_024;

/// Bytes a cause takes.
pub(super) const CAUSE_BYTES: usize = 512;

/// Values of the state.
pub(super) const RUNNING: u32 = 1;
pub(super) const CLEAN: u32 = 2;

/// Kinds of records in the log.
pub(super) mod kind {
    /// The end.
    pub(in crate::evidence) const END: u32 = 0;
    /// Service name, service version, executable.
    pub(in crate::evidence) const PROCESS: u32 = 1;
    /// A call site under its number.
    pub(in crate::evidence) const SITE: u32 = 2;
    /// A thread: its token, its number in the system, its name.
    pub(in crate::evidence) const THREAD: u32 = 3;
    /// The line of an epoch, under its number.
    pub(in crate::evidence) const LINE: u32 = 4;
    /// An address, and a copy of the memory there.
    pub(in crate::evidence) const MEMORY: u32 = 5;
}

/// The header of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) process_id: u32,
    pub(super) capacity: u64,
    pub(super) started_unix_nanos: u64,
    /// Where the library's fixed point lay, which near texts are counted from.
    pub(super) anchor: u64,
    /// The last time the process said that it runs.
    pub(super) alive_unix_nanos: u64,
    pub(super) clean: bool,
    /// Whether the slots are those of the process: always where the ring lies in the file, else once they were written.
    pub(super) slots_are_here: bool,
    /// Records of the log that could not be written.
    pub(super) lost: u32,
    pub(super) cause: Option<RawCause>,
    pub(super) last_panic: Option<RawCause>,
}

/// Why a header is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Malformed {
    NotEvidence,
    Version(u32),
    Machine,
    Capacity(u64),
}

impl Header {
    /// Where the log begins.
    pub(super) const fn log_at(&self) -> u64 {
        SLOTS_AT + self.capacity * SLOT_BYTES as u64
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        put_u32(&mut out, VERSION);
        out.extend(BYTE_ORDER.to_ne_bytes());
        put_u32(&mut out, SLOT_BYTES as u32);
        put_u32(&mut out, self.process_id);
        put_u64(&mut out, self.capacity);
        put_u64(&mut out, self.started_unix_nanos);
        put_u64(&mut out, self.anchor);
        out.resize(ALIVE_AT as usize, 0);
        put_u64(&mut out, self.alive_unix_nanos);
        put_u32(&mut out, if self.clean { CLEAN } else { RUNNING });
        put_u32(&mut out, self.slots_are_here.into());
        put_u32(&mut out, self.lost);
        for (at, cause) in [(CAUSE_AT, &self.cause), (PANIC_AT, &self.last_panic)] {
            out.resize(at as usize, 0);
            out.extend(cause.iter().flat_map(RawCause::write));
        }
        out.resize(HEADER_BYTES, 0);
        out
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut fields = Reader(bytes);
        if fields.take(8).is_none_or(|magic| magic != MAGIC) || bytes.len() < HEADER_BYTES {
            return Err(Malformed::NotEvidence);
        }
        match fields.u32() {
            Some(VERSION) => {}
            other => return Err(Malformed::Version(other.unwrap_or(0))),
        }
        let order = fields.take(4).is_some_and(|bytes| bytes == BYTE_ORDER.to_ne_bytes());
        if !order || fields.u32() != Some(SLOT_BYTES as u32) {
            return Err(Malformed::Machine);
        }
        let (process_id, capacity) = (fields.u32().unwrap_or(0), fields.u64().unwrap_or(0));
        if !capacity.is_power_of_two() || capacity > MAX_CAPACITY {
            return Err(Malformed::Capacity(capacity));
        }
        let (started_unix_nanos, anchor) = (fields.u64().unwrap_or(0), fields.u64().unwrap_or(0));
        let mut changing = Reader(&bytes[ALIVE_AT as usize..]);
        Ok(Self {
            process_id,
            capacity,
            started_unix_nanos,
            anchor,
            alive_unix_nanos: changing.u64().unwrap_or(0),
            clean: changing.u32() == Some(CLEAN),
            slots_are_here: changing.u32() == Some(1),
            lost: changing.u32().unwrap_or(0),
            cause: RawCause::read(&bytes[CAUSE_AT as usize..]),
            last_panic: RawCause::read(&bytes[PANIC_AT as usize..]),
        })
    }
}

/// What the process died of, as it stands in the header: a head of numbers, then text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RawCause {
    pub(super) head: CauseHead,
    pub(super) text: String,
}

/// Bytes of a cause before its text.
pub(super) const CAUSE_HEAD: usize = 40;
/// Bytes of its text, at the most.
pub(super) const CAUSE_TEXT: usize = CAUSE_BYTES - CAUSE_HEAD;

/// The numbers of a cause. A signal handler writes them, on a small stack and without allocating.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CauseHead {
    pub(super) kind: u32,
    pub(super) signal: i32,
    /// `si_code`: who sent it.
    pub(super) code: i32,
    /// The thread's number in the system.
    pub(super) thread: u32,
    pub(super) address: u64,
    pub(super) unix_nanos: u64,
    pub(super) text_len: u32,
}

/// Values of [`CauseHead::kind`]; zero for none.
pub(super) const SIGNAL: u32 = 1;
pub(super) const PANIC: u32 = 2;

impl CauseHead {
    /// As it stands in the file.
    pub(super) fn write(&self) -> [u8; CAUSE_HEAD] {
        let mut out = [0; CAUSE_HEAD];
        out[..4].copy_from_slice(&self.kind.to_le_bytes());
        out[4..8].copy_from_slice(&self.signal.to_le_bytes());
        out[8..12].copy_from_slice(&self.code.to_le_bytes());
        out[12..16].copy_from_slice(&self.thread.to_le_bytes());
        out[16..24].copy_from_slice(&self.address.to_le_bytes());
        out[24..32].copy_from_slice(&self.unix_nanos.to_le_bytes());
        out[32..36].copy_from_slice(&self.text_len.to_le_bytes());
        out
    }
}

impl RawCause {
    /// As it stands in the file.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = self.head.write().to_vec();
        out.extend(self.text.as_bytes());
        out.resize(CAUSE_BYTES, 0);
        out
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut fields = Reader(bytes);
        let kind = fields.u32().filter(|kind| matches!(*kind, SIGNAL | PANIC))?;
        let (signal, code) = (fields.u32()?.cast_signed(), fields.u32()?.cast_signed());
        let (thread, address, unix_nanos) = (fields.u32()?, fields.u64()?, fields.u64()?);
        let (text_len, _) = (fields.u32()?.min(CAUSE_TEXT as u32), fields.u32()?);
        let text = String::from_utf8_lossy(fields.take(text_len as usize)?).into_owned();
        Some(Self { head: CauseHead { kind, signal, code, thread, address, unix_nanos, text_len }, text })
    }
}

const _: () = assert!(CAUSE_AT as usize + CAUSE_BYTES <= PANIC_AT as usize);
const _: () = assert!(PANIC_AT as usize + CAUSE_BYTES <= HEADER_BYTES);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_as_it_was_written() {
        let head =
            CauseHead { kind: PANIC, signal: -1, code: 2, thread: 3, address: 4, unix_nanos: 5, text_len: 4 };
        let cause = RawCause { head, text: "boom".to_owned() };
        let header = Header {
            process_id: 7,
            capacity: 1_024,
            started_unix_nanos: 8,
            anchor: 9,
            alive_unix_nanos: 10,
            clean: true,
            slots_are_here: true,
            lost: 11,
            cause: Some(cause),
            last_panic: None,
        };
        let bytes = header.write();
        assert_eq!(bytes.len(), HEADER_BYTES);
        assert_eq!(Header::read(&bytes), Ok(header.clone()));
    }

    #[test]
    fn what_is_no_header_says_why() {
        let good = Header {
            process_id: 7,
            capacity: 256,
            started_unix_nanos: 0,
            anchor: 0,
            alive_unix_nanos: 0,
            clean: false,
            slots_are_here: false,
            lost: 0,
            cause: None,
            last_panic: None,
        }
        .write();
        let with = |at: usize, bytes: &[u8]| {
            let mut changed = good.clone();
            changed[at..at + bytes.len()].copy_from_slice(bytes);
            Header::read(&changed)
        };
        assert!(Header::read(&good).is_ok());
        assert_eq!(Header::read(&good[..HEADER_BYTES - 1]), Err(Malformed::NotEvidence));
        assert_eq!(Header::read(&[]), Err(Malformed::NotEvidence));
        assert_eq!(with(0, b"x"), Err(Malformed::NotEvidence));
        assert_eq!(with(8, &[1]), Err(Malformed::Version(1)));
        assert_eq!(with(12, &BYTE_ORDER.swap_bytes().to_ne_bytes()), Err(Malformed::Machine));
        assert_eq!(with(16, &[0]), Err(Malformed::Machine));
        assert_eq!(with(24, &[1]), Err(Malformed::Capacity(257)));
        assert_eq!(with(24, &u64::MAX.to_le_bytes()), Err(Malformed::Capacity(u64::MAX)));
    }
}
