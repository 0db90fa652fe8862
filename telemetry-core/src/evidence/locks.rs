//! Locks, for those who must not wait for ever.

use std::sync::{Mutex, MutexGuard, TryLockError};
use std::thread;
use std::time::Duration;

/// What `lock` holds, for those who may be the ones that have it locked: they try for a while.
pub(super) fn patiently<T>(lock: &'static Mutex<T>) -> Option<MutexGuard<'static, T>> {
    const TRIES: u32 = 50;
    const PAUSE: Duration = Duration::from_millis(1);
    for _ in 0..TRIES {
        match lock.try_lock() {
            Ok(held) => return Some(held),
            Err(TryLockError::Poisoned(held)) => return Some(held.into_inner()),
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
        }
    }
    None
}
