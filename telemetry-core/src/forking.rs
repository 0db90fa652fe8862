//! What the child of a fork needs of everybody: locks that nobody there holds any more, and counts that begin anew.
//!
//! The child has one thread, a copy of the one that forked. What another thread had locked stays locked there for ever, and
//! what it was changing stays half changed. So the thread that forks takes the locks first ([`Keeper`]), and lets them go
//! on both sides.

mod threads;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) use threads::spawn;

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

/// How long one lock is waited for while others are held.
const ROUND: Duration = Duration::from_millis(10);
/// How long all are left to others after that: a thread that has waited for one comes to run.
const PAUSE: Duration = Duration::from_millis(1);

/// Takes locks before a fork, and keeps them until it is over.
#[derive(Default)]
pub(crate) struct Keeper {
    locks: Vec<Box<dyn Lock>>,
    complete: bool,
}

/// A lock, taken or not.
trait Lock {
    /// Takes it, if it is free before `deadline`.
    fn take(&mut self, deadline: Instant) -> bool;

    /// Unlocks, and frees nothing.
    fn release(&mut self);
}

struct Kept<T: 'static> {
    mutex: &'static Mutex<T>,
    guard: Option<MutexGuard<'static, T>>,
}

impl<T> Lock for Kept<T> {
    fn take(&mut self, deadline: Instant) -> bool {
        loop {
            match self.mutex.try_lock() {
                Ok(guard) => self.guard = Some(guard),
                Err(TryLockError::Poisoned(guard)) => self.guard = Some(guard.into_inner()),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    thread::yield_now();
                    continue;
                }
                Err(TryLockError::WouldBlock) => return false,
            }
            return true;
        }
    }

    fn release(&mut self) {
        drop(self.guard.take());
    }
}

impl Keeper {
    /// Names a lock that is to be taken.
    pub(crate) fn hold<T>(&mut self, mutex: &'static Mutex<T>) {
        self.locks.push(Box::new(Kept { mutex, guard: None }));
    }

    /// Takes all that have been named, in their order; those that are not to be had by `deadline` are left.
    ///
    /// By trying, since the thread that forks may itself hold one. Another thread may hold one and wait for one that is
    /// held here: so all are let go and taken again until every one has been had at the same time.
    pub(crate) fn take(&mut self, deadline: Instant) {
        loop {
            let round = deadline.min(Instant::now() + ROUND);
            self.complete = self.locks.iter_mut().all(|lock| lock.take(round));
            if self.complete {
                return;
            }
            self.release();
            if round == deadline {
                break;
            }
            thread::sleep(PAUSE);
        }
        for lock in &mut self.locks {
            lock.take(deadline);
        }
    }

    /// Whether every lock was had.
    pub(crate) const fn is_complete(&self) -> bool {
        self.complete
    }

    /// Lets all locks go, in the child of a fork: the memory that they were kept in is left, since freeing is not for
    /// there. In the parent it is enough to drop this.
    pub(crate) fn release_in_child(mut self) {
        self.release();
        std::mem::forget(self.locks);
    }

    fn release(&mut self) {
        for lock in &mut self.locks {
            lock.release();
        }
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
    use super::*;

    fn keeper_of(locks: &[&'static Mutex<()>], deadline: Instant) -> Keeper {
        let mut keeper = Keeper::default();
        for lock in locks {
            keeper.hold(lock);
        }
        keeper.take(deadline);
        keeper
    }

    #[test]
    fn a_lock_that_is_not_had_in_time_is_left_and_the_others_are_let_go() {
        static FREE: Mutex<()> = Mutex::new(());
        static TAKEN: Mutex<()> = Mutex::new(());
        let taken = TAKEN.lock().unwrap();
        let keeper = keeper_of(&[&TAKEN, &FREE], Instant::now() + Duration::from_millis(25));
        assert!(!keeper.is_complete() && FREE.try_lock().is_err());
        keeper.release_in_child();
        let keeper = keeper_of(&[&FREE], Instant::now());
        assert!(keeper.is_complete() && FREE.try_lock().is_err());
        drop(keeper);
        assert!(FREE.try_lock().is_ok());
        drop(taken);
        assert!(TAKEN.try_lock().is_ok());
    }

    #[test]
    fn a_thread_that_takes_locks_in_another_order_is_let_through() {
        static FIRST: Mutex<()> = Mutex::new(());
        static SECOND: Mutex<()> = Mutex::new(());
        let (taken, is_taken) = std::sync::mpsc::channel();
        let other = thread::spawn(move || {
            let second = SECOND.lock().unwrap();
            taken.send(()).unwrap();
            while FIRST.try_lock().is_ok() {
                thread::yield_now();
            }
            drop((FIRST.lock().unwrap(), second));
        });
        is_taken.recv().unwrap();
        let keeper = keeper_of(&[&FIRST, &SECOND], Instant::now() + Duration::from_secs(60));
        assert!(keeper.is_complete());
        other.join().unwrap();
    }
}
