//! Fatal signals: what the process dies of is written down, then the signal goes its way.
//!
//! The handlers do what POSIX allows there and no more: they load and store atomics and call `clock_gettime`,
//! `lseek`, `poll`, `raise`, `sigaction` and `write`, and `syscall` for the thread's number. Nothing is allocated and no
//! lock is taken. They need less than 1 KiB of stack, and run on the thread's alternate one, which the standard library
//! gives to every thread it starts, so that they also run when the stack has overflowed.

use std::fs::File;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::ptr;
use std::sync::Once;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU32, AtomicUsize, Ordering};

use libc::{c_int, c_void, sigaction, siginfo_t};

use super::format::{CAUSE_AT, CauseHead, SIGNAL, SLOT_BYTES, SLOTS_ARE_HERE_AT, SLOTS_AT};
use super::threads;
use crate::ring::Slot;

/// The signals that end a process because of what it did.
const FATAL: [c_int; 6] =
    [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGABRT, libc::SIGTRAP];

/// The file to write to; negative while there is none. Written by the start and the stop of evidence.
static FILE: AtomicI32 = AtomicI32::new(-1);
/// The slots that must be written, where they do not lie in the file.
static SLOTS: AtomicPtr<Slot> = AtomicPtr::new(ptr::null_mut());
static BYTES: AtomicUsize = AtomicUsize::new(0);
/// How far the writing has come. Written by the handlers, and by the start of evidence.
static PROGRESS: AtomicU32 = AtomicU32::new(IDLE);
const IDLE: u32 = 0;
const WRITING: u32 = 1;
const DONE: u32 = 2;

/// For which of the signals handlers were put in, as bits. Written once, before they can run.
static INSTALLED: AtomicU32 = AtomicU32::new(0);
/// What was done about the signals before. Written once, before the handlers can run.
static mut BEFORE: [MaybeUninit<sigaction>; FATAL.len()] = [const { MaybeUninit::uninit() }; FATAL.len()];

/// Lets the handlers write to `file`, and the slots too where they do not lie in it.
pub(super) fn arm(file: &File, slots: Option<*const [Slot]>) {
    let bytes = slots.map_or(0, |slots| slots.len() * SLOT_BYTES);
    SLOTS.store(slots.map_or(ptr::null_mut(), |slots| slots.cast::<Slot>().cast_mut()), Ordering::Relaxed);
    BYTES.store(bytes, Ordering::Relaxed);
    PROGRESS.store(IDLE, Ordering::Relaxed);
    // SeqCst: pairs with the load in `note`; the handler sees the slots.
    FILE.store(file.as_raw_fd(), Ordering::SeqCst);
    install();
}

/// From here on the handlers only pass signals on. Comes before the file is closed: it waits for a thread that writes.
pub(super) fn disarm() {
    disarm_child();
    wait();
}

/// The same in the child of a fork, which has nobody to wait for.
pub(super) fn disarm_child() {
    // SeqCst: pairs with the swap and the load in `note`. Either the handler finds no file, or `disarm` finds it writing.
    FILE.store(-1, Ordering::SeqCst);
}

/// Puts the handlers in, once for the process. A signal that is ignored stays so.
#[allow(unsafe_code, reason = "the standard library has no handlers")]
fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        give_stack();
        for (index, signal) in FATAL.into_iter().enumerate() {
            // SAFETY: all zeros is an action; its fields are set. `BEFORE` is written here only, and the handler that reads
            // it is put in after that.
            unsafe {
                let mut before: sigaction = std::mem::zeroed();
                sigaction(signal, ptr::null(), &raw mut before);
                if before.sa_sigaction == libc::SIG_IGN {
                    continue;
                }
                (&raw mut BEFORE).cast::<sigaction>().add(index).write(before);
                INSTALLED.fetch_or(1 << index, Ordering::Release);
                let mut action: sigaction = std::mem::zeroed();
                action.sa_sigaction = handle as *const () as usize;
                action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
                libc::sigemptyset(&raw mut action.sa_mask);
                sigaction(signal, &raw const action, ptr::null_mut());
            }
        }
    });
}

/// Gives the calling thread an alternate stack, if it has none. The standard library does so for its own threads, but not
/// where somebody had put in handlers before it.
#[allow(unsafe_code, reason = "the standard library does not do it everywhere")]
fn give_stack() {
    const STACK_BYTES: usize = 64 << 10;
    // SAFETY: the old stack is only asked for. The new one is memory that nobody else has, and that is kept for good.
    unsafe {
        let mut now: libc::stack_t = std::mem::zeroed();
        libc::sigaltstack(ptr::null(), &raw mut now);
        if now.ss_flags & libc::SS_DISABLE != 0 {
            let memory = Box::leak(vec![0_u8; STACK_BYTES].into_boxed_slice()).as_mut_ptr();
            let stack = libc::stack_t { ss_sp: memory.cast(), ss_flags: 0, ss_size: STACK_BYTES };
            libc::sigaltstack(&raw const stack, ptr::null_mut());
        }
    }
}

/// What runs when a fatal signal comes.
#[allow(unsafe_code, reason = "the system hands over raw pointers")]
extern "C" fn handle(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the place of this thread's error number, which code that was interrupted may be about to read.
    let error = unsafe { *libc::__errno_location() };
    // SAFETY: the system gave `info` for this signal.
    let (code, address) = unsafe { ((*info).si_code, (*info).si_addr() as u64) };
    note(signal, code, address);
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = error };
    pass_on(signal, info, context, code);
}

/// Notes that the process dies. A second thread waits until the first has written.
fn note(signal: c_int, code: c_int, address: u64) {
    // SeqCst: this comes before the look at the file, as in `disarm` the file goes before the look at this.
    if PROGRESS.compare_exchange(IDLE, WRITING, Ordering::SeqCst, Ordering::SeqCst).is_err() {
        return wait();
    }
    let file = FILE.load(Ordering::SeqCst);
    if file < 0 {
        return PROGRESS.store(IDLE, Ordering::SeqCst);
    }
    write_down(file, signal, code, address);
    step_aside();
    PROGRESS.store(DONE, Ordering::SeqCst);
}

/// Writes the slots, where they lie elsewhere, and the cause.
fn write_down(file: c_int, signal: c_int, code: c_int, address: u64) {
    let cause = CauseHead {
        kind: SIGNAL,
        signal,
        code,
        thread: threads::this(),
        // Who sends a signal leaves something else there.
        address: if code <= 0 { 0 } else { address },
        unix_nanos: now(),
        text_len: 0,
    };
    let bytes = BYTES.load(Ordering::Relaxed);
    if bytes != 0 && write(file, SLOTS_AT, SLOTS.load(Ordering::Relaxed).cast::<u8>(), bytes) {
        write(file, SLOTS_ARE_HERE_AT, 1_u32.to_le_bytes().as_ptr(), 4);
    }
    let cause = cause.write();
    write(file, CAUSE_AT, cause.as_ptr(), cause.len());
}

/// Puts back what was there before, for every signal: a process dies once, and where the stack has overflowed there is no
/// room for a handler inside of a handler, as when Rust aborts next.
#[allow(unsafe_code, reason = "actions are changed by the system")]
fn step_aside() {
    let installed = INSTALLED.load(Ordering::Acquire);
    for (index, signal) in FATAL.into_iter().enumerate().filter(|(index, _)| installed & 1 << index != 0) {
        // SAFETY: the action was written before the bit was set, and nobody writes it again.
        unsafe { sigaction(signal, (&raw const BEFORE).cast::<sigaction>().add(index), ptr::null_mut()) };
    }
}

/// Waits, at most a second, for the thread that writes. That may be this one, where writing itself has failed.
#[allow(unsafe_code, reason = "a handler may sleep only so")]
fn wait() {
    const WAITS: u32 = 100;
    const WAIT_MILLIS: c_int = 10;
    for _ in 0..WAITS {
        if PROGRESS.load(Ordering::SeqCst) != WRITING {
            return;
        }
        // SAFETY: waits for no file.
        unsafe { libc::poll(ptr::null_mut(), 0, WAIT_MILLIS) };
    }
}

/// Writes bytes to their place; false where the system refuses.
#[allow(unsafe_code, reason = "a handler may write only so")]
fn write(file: c_int, at: u64, mut from: *const u8, mut left: usize) -> bool {
    // SAFETY: the file is open, and nobody else goes by its position. The memory is `left` bytes long; of slots, which
    // other threads write, the system makes a copy.
    unsafe {
        if libc::lseek(file, at as libc::off_t, libc::SEEK_SET) < 0 {
            return false;
        }
        while left != 0 {
            match usize::try_from(libc::write(file, from.cast(), left)) {
                Ok(0) => return false,
                Ok(written) => {
                    from = from.wrapping_add(written);
                    left -= written;
                }
                Err(_) if *libc::__errno_location() == libc::EINTR => {}
                Err(_) => return false,
            }
        }
    }
    true
}

/// The wall clock, in nanoseconds since the Unix epoch.
#[allow(unsafe_code, reason = "a handler may ask only so")]
fn now() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the place for the answer is this function's own.
    unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &raw mut time) };
    (time.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec as u64)
}

/// Does what would have been done without this handler. What was the default is the default again, and the signal comes
/// a second time: so the process ends by it.
#[allow(unsafe_code, reason = "handlers are pointers")]
fn pass_on(signal: c_int, info: *mut siginfo_t, context: *mut c_void, code: c_int) {
    let Some(index) = FATAL.iter().position(|fatal| *fatal == signal) else { return };
    // SAFETY: the handler was put in for this signal after the place was written, and nobody writes it again.
    let before = unsafe { (&raw const BEFORE).cast::<sigaction>().add(index).read() };
    if before.sa_sigaction == libc::SIG_DFL {
        return come_again(signal);
    }
    // SAFETY: what was put in before is a function of one of two kinds, as its flags say; it gets what the system gave.
    unsafe {
        if before.sa_flags & libc::SA_SIGINFO == 0 {
            std::mem::transmute::<usize, extern "C" fn(c_int)>(before.sa_sigaction)(signal);
        } else {
            type Handler = extern "C" fn(c_int, *mut siginfo_t, *mut c_void);
            std::mem::transmute::<usize, Handler>(before.sa_sigaction)(signal, info, context);
        }
    }
    // The standard library's handler takes itself out and waits for the instruction to fail again. What somebody has sent
    // does not come again by itself.
    let mut now = MaybeUninit::<sigaction>::uninit();
    // SAFETY: the place for the answer is this function's own, and is read when it was filled.
    let gone = unsafe {
        sigaction(signal, ptr::null(), now.as_mut_ptr()) == 0
            && now.assume_init().sa_sigaction == libc::SIG_DFL
    };
    if gone && code <= 0 {
        come_again(signal);
    }
}

/// Makes the default the action and sends the signal to this thread, which gets it when the handler returns.
#[allow(unsafe_code, reason = "signals are sent by the system")]
fn come_again(signal: c_int) {
    // SAFETY: all zeros is the default action, with nothing masked.
    unsafe {
        let default: sigaction = std::mem::zeroed();
        sigaction(signal, &raw const default, ptr::null_mut());
        libc::raise(signal);
    }
}

const _: () = assert!(libc::SIG_DFL == 0);
