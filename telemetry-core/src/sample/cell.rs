//! The sampler of a pipeline, which can be changed while spans are opened.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, PoisonError};

use super::{Decision, Sampler, SamplingParameters};

type Boxed = Box<dyn Sampler>;

/// Holds a sampler; none records everything.
pub(crate) struct SamplerCell {
    /// The sampler in force: null, or a box in `kept`.
    current: AtomicPtr<Boxed>,
    /// Every sampler there ever was: a thread may still be asking an old one. Changing a sampler costs the memory of
    /// the old one for the life of the process.
    kept: Mutex<Vec<&'static Boxed>>,
}

impl SamplerCell {
    pub(crate) const fn new() -> Self {
        Self { current: AtomicPtr::new(ptr::null_mut()), kept: Mutex::new(Vec::new()) }
    }

    /// Puts another sampler in.
    pub(crate) fn set(&self, sampler: Boxed) {
        let kept: &'static mut Boxed = Box::leak(Box::new(sampler));
        let current = ptr::from_mut(kept);
        // Release: pairs with the Acquire in `sample`; the sampler is whole when it can be asked.
        self.current.store(current, Ordering::Release);
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(kept);
    }

    /// Takes the sampler out: everything is recorded.
    pub(crate) fn clear(&self) {
        self.current.store(ptr::null_mut(), Ordering::Release);
    }

    /// Has the lock held while the process forks.
    pub(crate) fn hold(&'static self, keeper: &mut crate::forking::Keeper) {
        keeper.hold(&self.kept);
    }

    /// Asks the sampler in force.
    #[allow(unsafe_code, reason = "the sampler in force is reached through a pointer, without a lock")]
    pub(crate) fn sample(&self, parameters: &SamplingParameters<'_>) -> Decision {
        // SAFETY: the pointer is null or came from a leaked box that is never freed.
        match unsafe { self.current.load(Ordering::Acquire).as_ref() } {
            Some(sampler) => sampler.sample(parameters),
            None => Decision::Record,
        }
    }
}
