//! The bell a claim rings when the ring fills.

use std::sync::{Mutex, PoisonError};

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

    /// Rings. Never waits: where the bell is just being changed or rung, somebody is awake.
    pub(super) fn ring(&self) {
        if let Some(bell) = self.0.try_lock().ok().as_deref().and_then(Option::as_ref) {
            bell();
        }
    }
}
