//! What the child of a fork needs of everybody: locks that nobody there holds any more, and counts that begin anew.
//!
//! The child has one thread, a copy of the one that forked. What another thread had locked stays locked there for ever, and
//! what it was changing stays half changed. So the thread that forks takes the locks first ([`Keeper`]), and lets them go
//! on both sides.

mod thread;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::time::Instant;

pub(crate) use thread::spawn;

/// How many forks lie between this process and the one that was started as a program.
static GENERATION: AtomicU64 = AtomicU64::new(0);

/// The number of this process in the line of its parents, the program that was started being 0.
pub(crate) fn generation() -> u64 {
    GENERATION.load(Ordering::Relaxed)
}

/// Counts a fork: in the child, before anything else happens there.
pub(crate) fn count() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// Takes locks before a fork, and keeps them until it is over.
pub(crate) struct Keeper {
    deadline: Instant,
    locks: Vec<Box<dyn Release>>,
    complete: bool,
}

trait Release {
    /// Unlocks, and frees nothing.
    fn release(&mut self);
}

impl<T> Release for Option<MutexGuard<'static, T>> {
    fn release(&mut self) {
        drop(self.take());
    }
}

impl Keeper {
    /// Keeps nothing yet; waits for locks until `deadline`.
    pub(crate) const fn new(deadline: Instant) -> Self {
        Self { deadline, locks: Vec::new(), complete: true }
    }

    /// Takes a lock. By trying, whatever the order in which others take locks: the thread that forks may itself hold this
    /// one, and a lock that is not free at the deadline is left.
    pub(crate) fn hold<T>(&mut self, mutex: &'static Mutex<T>) {
        loop {
            match mutex.try_lock() {
                Ok(guard) => return self.locks.push(Box::new(Some(guard))),
                Err(TryLockError::Poisoned(guard)) => {
                    return self.locks.push(Box::new(Some(guard.into_inner())));
                }
                Err(TryLockError::WouldBlock) if Instant::now() < self.deadline => std::thread::yield_now(),
                Err(TryLockError::WouldBlock) => {
                    self.complete = false;
                    return;
                }
            }
        }
    }

    /// Whether every lock was had.
    pub(crate) const fn is_complete(&self) -> bool {
        self.complete
    }

    /// Lets all locks go, in the child of a fork: the memory that they were kept in is left, since freeing is not for
    /// there. In the parent it is enough to drop this.
    pub(crate) fn release_in_child(mut self) {
        for lock in &mut self.locks {
            lock.release();
        }
        std::mem::forget(self.locks);
    }
}

/// The content of a cell, made where there is none yet, by several threads if need be: none allocates while it is inside the
/// cell, where the child of a fork would find it for ever.
pub(crate) fn get_or_make<T>(cell: &OnceLock<T>, make: impl FnOnce() -> T) -> &T {
    cell.get().unwrap_or_else(|| {
        let made = make();
        cell.get_or_init(|| made)
    })
}

/// A mutex whose content begins anew in the child of a fork, whoever had it locked in the parent.
#[derive(Debug)]
pub(crate) struct Anew<T> {
    generation: u64,
    content: Mutex<T>,
    /// The content in the child of a fork, and so on.
    next: OnceLock<Box<Self>>,
}

impl<T: Default> Anew<T> {
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.here().lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The mutex of this process.
    pub(crate) fn here(&self) -> &Mutex<T> {
        let mut here = self;
        while here.generation != generation() {
            here = &**get_or_make(&here.next, Box::default);
        }
        &here.content
    }
}

impl<T: Default> Default for Anew<T> {
    fn default() -> Self {
        Self { generation: generation(), content: Mutex::default(), next: OnceLock::new() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_lock_that_is_not_had_in_time_is_left_and_the_others_are_let_go() {
        static FREE: Mutex<()> = Mutex::new(());
        static TAKEN: Mutex<()> = Mutex::new(());
        let taken = TAKEN.lock().unwrap();
        let mut keeper = Keeper::new(Instant::now() + Duration::from_millis(5));
        keeper.hold(&FREE);
        assert!(keeper.is_complete() && FREE.try_lock().is_err());
        keeper.hold(&TAKEN);
        assert!(!keeper.is_complete());
        keeper.release_in_child();
        assert!(FREE.try_lock().is_ok());
        let mut keeper = Keeper::new(Instant::now());
        keeper.hold(&FREE);
        drop(keeper);
        assert!(FREE.try_lock().is_ok());
        drop(taken);
        assert!(TAKEN.try_lock().is_ok());
    }
}
