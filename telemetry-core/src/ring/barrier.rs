//! An asymmetric barrier: nothing on the side that runs for every span, all the cost on the side that reclaims.
//!
//! The owner of a reservation stores its claim and then loads the revocation word; a reclaimer stores the revocation
//! word and then loads the claim. Without a barrier on both sides each may miss the other. Linux's `membarrier`
//! makes every running thread of the process pass a barrier at the reclaimer's word, so the owner needs only to keep
//! the compiler from reordering. Where the system call is missing, reservations shrink to the slot in use and there
//! is nothing to reclaim.

/// Where the owner of a reservation passes the barrier. Nothing in a program; in a model, a place where the two sides
/// meet.
pub(super) struct Side(#[cfg(loom)] model::Meeting);

impl Side {
    #[cfg(not(loom))]
    pub(super) const fn new() -> Self {
        Self()
    }

    #[cfg(loom)]
    pub(super) fn new() -> Self {
        Self(model::Meeting::new())
    }

    /// The owner's side: free, orders the claim before the look at the revocation word.
    #[inline(always)]
    #[cfg_attr(not(loom), allow(clippy::unused_self, reason = "a model looks at it"))]
    pub(super) fn light(&self) {
        #[cfg(not(loom))]
        std::sync::atomic::compiler_fence(std::sync::atomic::Ordering::SeqCst);
        #[cfg(loom)]
        self.0.light();
    }
}

#[cfg(all(target_os = "linux", not(loom)))]
mod system {
    use libc::{SYS_membarrier, c_int, c_long, syscall};

    const PRIVATE_EXPEDITED: c_int = 1 << 3;
    const REGISTER_PRIVATE_EXPEDITED: c_int = 1 << 4;

    #[allow(unsafe_code, reason = "the system call has no safe wrapper")]
    fn membarrier(command: c_int) -> c_long {
        // SAFETY: membarrier takes two plain integers here and touches no memory of ours.
        unsafe { syscall(SYS_membarrier, command, 0 as c_int) }
    }

    pub(in crate::ring) fn register() -> bool {
        membarrier(REGISTER_PRIVATE_EXPEDITED) == 0
    }

    pub(in crate::ring) fn heavy() -> bool {
        membarrier(PRIVATE_EXPEDITED) == 0
    }
}

#[cfg(all(not(target_os = "linux"), not(loom)))]
mod system {
    pub(in crate::ring) fn register() -> bool {
        false
    }

    pub(in crate::ring) fn heavy() -> bool {
        false
    }
}

#[cfg(loom)]
pub(super) mod model;
#[cfg(loom)]
use model as system;

/// Tells the system that this process will call [`heavy`]; false where it cannot.
pub(super) use system::register;

/// The reclaimer's side: when it returns true, every claim made before another thread's latest look at the
/// revocation word is visible here, and every later look sees what was stored before this call.
///
/// `sides` are those of all threads; the system needs not be told.
#[cfg_attr(not(loom), allow(unused_variables, reason = "a model looks at them"))]
#[cfg_attr(not(loom), allow(clippy::needless_pass_by_value, reason = "the model goes through them"))]
pub(super) fn heavy<'a>(sides: impl Iterator<Item = &'a Side>) -> bool {
    #[cfg(loom)]
    sides.for_each(|side| side.0.heavy());
    system::heavy()
}
