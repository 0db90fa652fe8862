//! The file of a running process: made, locked for as long as the process lives, long enough for all its slots.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::format::{SLOT_BYTES, SLOTS_AT};
use super::options::EvidenceError;
use crate::file_lock::try_lock;
use crate::ring::Slot;

/// Bytes that are reserved for the log, beside what it takes at the start.
const LOG_BYTES: u64 = 256 << 10;
/// Slots of more bytes are touched one by one as spans come, and not at the start.
const TOUCHED_BYTES: usize = 64 << 20;

/// Makes a file that only its owner may read, and takes its lock. It must not be there yet.
pub(super) fn create(path: &Path) -> Result<File, EvidenceError> {
    let made = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path);
    let file = made.map_err(|source| EvidenceError::File { path: path.to_owned(), source })?;
    let source = match try_lock(&file) {
        Ok(true) => return Ok(file),
        Ok(false) => io::ErrorKind::WouldBlock.into(),
        Err(error) => error,
    };
    let _ = fs::remove_file(path);
    Err(EvidenceError::File { path: path.to_owned(), source })
}

/// Reserves room for the slots and a log: what is stored to mapped memory for which there is no room ends the process.
#[allow(unsafe_code, reason = "the system reserves room by number of the file")]
pub(super) fn reserve(file: &File, capacity: usize, path: &Path) -> Result<(), EvidenceError> {
    let bytes = SLOTS_AT + (capacity * SLOT_BYTES) as u64 + LOG_BYTES;
    // SAFETY: the file is open; its room is asked for.
    match unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, bytes as libc::off_t) } {
        0 => Ok(()),
        code => {
            let source = io::Error::from_raw_os_error(code);
            Err(EvidenceError::Room { path: path.to_owned(), bytes, source })
        }
    }
}

/// Maps the slots in the file: memory that the system keeps whatever becomes of the process; `None` where it refuses.
///
/// The file has room for them: [`reserve`] comes first.
#[allow(unsafe_code, reason = "memory is mapped by the system")]
pub(super) fn map(file: &File, capacity: usize) -> Option<&'static [Slot]> {
    let bytes = capacity.checked_mul(SLOT_BYTES)?;
    // SAFETY: a new mapping at an address of the system's choice touches nothing that exists.
    let memory = unsafe {
        let (access, shared) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
        libc::mmap(std::ptr::null_mut(), bytes, access, shared, file.as_raw_fd(), SLOTS_AT as libc::off_t)
    };
    if memory == libc::MAP_FAILED {
        return None;
    }
    if bytes <= TOUCHED_BYTES {
        // SAFETY: advice on the mapping just made: its pages are made writable now, not under the first spans. Older
        // systems refuse.
        unsafe { libc::madvise(memory, bytes, libc::MADV_POPULATE_WRITE) };
    }
    // SAFETY: fresh memory for `capacity` slots, aligned to a page, kept for good: nobody unmaps it, and the file is nobody
    // else's to cut short, being this user's alone and without a second process that writes it. A child of a fork gets
    // memory of its own in its place. Slots of zero bytes are valid: free and empty.
    Some(unsafe { std::slice::from_raw_parts(memory.cast(), capacity) })
}

/// Writes the slots of a ring, wherever they lie, to their place in this file.
pub(super) fn write_slots(file: &File, slots: *const [Slot]) -> io::Result<()> {
    write_memory(file, slots.cast(), slots.len() * SLOT_BYTES, SLOTS_AT)
}

/// Writes memory as the system finds it: other threads may be writing there, and tools that watch this program's own accesses
/// are passed by. Memory that is not there is an error.
#[allow(unsafe_code, reason = "memory is read by the system")]
pub(super) fn write_memory(file: &File, mut from: *const u8, mut left: usize, mut at: u64) -> io::Result<()> {
    while left != 0 {
        // SAFETY: the system reads the memory, which is no access of this program's, and says so where there is none.
        let written = unsafe {
            if cfg!(target_pointer_width = "64") {
                libc::syscall(libc::SYS_pwrite64, file.as_raw_fd(), from, left, at) as isize
            } else {
                libc::pwrite64(file.as_raw_fd(), from.cast(), left, at.cast_signed())
            }
        };
        match usize::try_from(written) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                from = from.wrapping_add(written);
                left -= written;
                at += written as u64;
            }
            Err(_) => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
        }
    }
    Ok(())
}

/// A name under which a file is made before it is whole.
pub(super) fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}
