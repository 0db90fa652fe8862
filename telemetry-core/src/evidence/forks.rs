//! Whose evidence it is: that of the process that began it, and no child's. A child begins its own with its first span.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicUsize, Ordering};

use super::signals;
use crate::ring::Slot;

/// Whether this process has evidence of its own.
static OWNER: AtomicBool = AtomicBool::new(false);
/// The file, whose lock a child must not hold; negative where there is none.
static FILE: AtomicI32 = AtomicI32::new(-1);
/// The slots that lie in the file, which a child must not share; null where they do not.
static SLOTS: AtomicPtr<Slot> = AtomicPtr::new(std::ptr::null_mut());
/// Their bytes.
static BYTES: AtomicUsize = AtomicUsize::new(0);

pub(super) fn is_owner() -> bool {
    OWNER.load(Ordering::Acquire)
}

/// Says that this process has evidence in `file`. From the first time on, children of forks are told that it is not theirs.
pub(super) fn own(file: &File) {
    watch();
    FILE.store(file.as_raw_fd(), Ordering::Relaxed);
    OWNER.store(true, Ordering::Release);
}

/// Says that there is no evidence any more. Comes before the file is closed.
pub(super) fn disown() {
    OWNER.store(false, Ordering::Release);
    FILE.store(-1, Ordering::Relaxed);
}

/// Keeps slots that lie in a file from being shared with children.
pub(super) fn part(slots: *const [Slot]) {
    BYTES.store(slots.len() * size_of::<Slot>(), Ordering::Relaxed);
    // Release: pairs with the Acquire in the child; it sees the length.
    SLOTS.store(slots.cast::<Slot>().cast_mut(), Ordering::Release);
    watch();
}

fn watch() {
    static WATCHING: Once = Once::new();
    WATCHING.call_once(|| {
        // SAFETY: the handler only does what is allowed after a fork: it stores to atomics and asks the system.
        #[allow(unsafe_code, reason = "the system has no other way to tell")]
        unsafe {
            libc::pthread_atfork(None, None, Some(in_child));
        }
    });
}

extern "C" fn in_child() {
    OWNER.store(false, Ordering::Release);
    signals::disarm_child();
    let_go(FILE.swap(-1, Ordering::Relaxed));
    let slots = SLOTS.swap(std::ptr::null_mut(), Ordering::Acquire);
    if !slots.is_null() {
        take_copy(slots, BYTES.load(Ordering::Relaxed));
    }
}

/// Lets go of the file and its lock. The number stays taken: what holds the file here will close it some day.
#[allow(unsafe_code, reason = "files are exchanged by number")]
fn let_go(file: libc::c_int) {
    if file < 0 {
        return;
    }
    // SAFETY: the path ends with a zero, and the numbers are those of files that are open here.
    unsafe {
        let nothing = libc::open(c"/dev/null".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC);
        if nothing >= 0 {
            libc::dup3(nothing, file, libc::O_CLOEXEC);
            libc::close(nothing);
        }
    }
}

/// Puts a copy in the place of slots that are shared with the parent, so that what the child writes is its own.
#[allow(unsafe_code, reason = "memory is mapped by the system")]
fn take_copy(slots: *mut Slot, bytes: usize) {
    // SAFETY: a new private mapping touches nothing that exists. The slots are `bytes` of mapped memory, and the child has
    // one thread, which is here: nobody reads or writes them while the copy takes their place. What the parent's threads
    // write meanwhile may come along or not, as with any copy of a process that runs; the words are copied by the C
    // library and belong to nobody here. Where there is no memory for a copy the process cannot go on: it would write
    // into its parent's spans.
    unsafe {
        let (readable, private) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        let copy = libc::mmap(std::ptr::null_mut(), bytes, readable, private, -1, 0);
        if copy == libc::MAP_FAILED {
            libc::_exit(libc::EXIT_FAILURE);
        }
        libc::memcpy(copy, slots.cast(), bytes);
        let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
        if libc::mremap(copy, bytes, bytes, flags, slots) == libc::MAP_FAILED {
            libc::_exit(libc::EXIT_FAILURE);
        }
    }
}
