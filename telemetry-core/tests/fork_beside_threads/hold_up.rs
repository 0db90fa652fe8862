//! Holds up a thread that is being started, at one of its allocations.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// The system's, but for threads that are held up.
struct Allocator;

// SAFETY: the system's does it all.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if ARMED.load(Ordering::Relaxed) && !IS_AT_WORK.get() {
            come();
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise; all memory is the system's.
        unsafe { System.dealloc(memory, layout) }
    }
}

thread_local! {
    static IS_AT_WORK: Cell<bool> = const { Cell::new(false) };
}

/// Whether allocations of threads that are not yet at work are counted: not while one is held up, so in no child.
static ARMED: AtomicBool = AtomicBool::new(false);
static STAGE: Mutex<Stage> = Mutex::new(Stage::Over);
static CHANGED: Condvar = Condvar::new();

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nobody is to be held up.
    Over,
    /// Whoever allocates so many times more is.
    Allocations(usize),
    HeldUp,
    /// The thread has come to its work without having allocated so often.
    AtWork,
}

/// Counts an allocation, and waits at the one that is asked for.
fn come() {
    let mut stage = STAGE.lock().unwrap();
    match *stage {
        Stage::Allocations(1) => {
            ARMED.store(false, Ordering::Relaxed);
            *stage = Stage::HeldUp;
            CHANGED.notify_all();
            drop(CHANGED.wait_while(stage, |stage| *stage == Stage::HeldUp).unwrap());
        }
        Stage::Allocations(left) => *stage = Stage::Allocations(left - 1),
        Stage::Over | Stage::HeldUp | Stage::AtWork => {}
    }
}

/// Says that the calling thread has been started, and is not to be held up.
pub(crate) fn come_to_work() {
    IS_AT_WORK.set(true);
    let mut stage = STAGE.lock().unwrap();
    if let Stage::Allocations(_) = *stage {
        *stage = Stage::AtWork;
        CHANGED.notify_all();
    }
}

/// Starts a thread and holds it up at its `nth` allocation, from 1 on, while `meanwhile` runs; false when it came to its
/// work before.
pub(crate) fn at_allocation(nth: usize, meanwhile: impl FnOnce()) -> bool {
    *STAGE.lock().unwrap() = Stage::Allocations(nth);
    ARMED.store(true, Ordering::Relaxed);
    let thread = thread::spawn(come_to_work);
    let stage = STAGE.lock().unwrap();
    let stage = CHANGED.wait_while(stage, |stage| matches!(stage, Stage::Allocations(_))).unwrap();
    let is_held_up = *stage == Stage::HeldUp;
    drop(stage);
    if is_held_up {
        meanwhile();
    }
    ARMED.store(false, Ordering::Relaxed);
    *STAGE.lock().unwrap() = Stage::Over;
    CHANGED.notify_all();
    thread.join().unwrap();
    is_held_up
}
