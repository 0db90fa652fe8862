//! The bell a claim rings when the ring fills.

use std::sync::{Mutex, PoisonError, TryLockError};

type Bell = Box<dyn Fn() + Send + Sync>;

/// Who is to be woken; nobody until a drain worker runs.
pub(crate) struct Wake(Mutex<Option<Bell>>);

impl Wake {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Hangs up another bell, or none.
    pub(crate) fn set(&self, bell: Option<Bell>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = bell;
    }

    /// Has the lock held while the process forks.
    #[cfg(not(loom))]
    pub(crate) fn hold(&'static self, keeper: &mut crate::forking::Keeper) {
        keeper.hold(&self.0);
    }

    /// Rings. Never waits: false where the bell is just being rung or changed, and so was not rung for this caller.
    pub(super) fn ring(&self) -> bool {
        let bell = match self.0.try_lock() {
            Ok(bell) => bell,
            Err(TryLockError::Poisoned(bell)) => bell.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        if let Some(bell) = bell.as_ref() {
            bell();
        }
        true
    }
}
