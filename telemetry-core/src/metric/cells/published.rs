//! A reference that is made known once.
#![allow(unsafe_code, reason = "one word where `OnceLock` would be two loads on the hot path")]

use std::marker::PhantomData;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// A reference that lives as long as the process, set at most once, read with one load.
///
/// Invariant: the pointer is null, or comes from a `&'static T`.
#[derive(Debug)]
pub(crate) struct Published<T: 'static> {
    pointer: AtomicPtr<T>,
    shared: PhantomData<&'static T>,
}

impl<T> Published<T> {
    pub(crate) const fn empty() -> Self {
        Self { pointer: AtomicPtr::new(ptr::null_mut()), shared: PhantomData }
    }

    /// What was published.
    #[inline(always)]
    pub(crate) fn get(&self) -> Option<&'static T> {
        // Acquire: pairs with the Release exchange in `set`, so that what is behind the pointer is seen whole.
        let pointer = self.pointer.load(Ordering::Acquire);
        // SAFETY: by the invariant it is null or valid for as long as the process runs, and shared references only are
        // made from it.
        unsafe { pointer.as_ref() }
    }

    /// Publishes a value, unless there is one; gives back the one that stands.
    pub(crate) fn set(&self, value: &'static T) -> &'static T {
        let new = ptr::from_ref(value).cast_mut();
        // Release: pairs with the Acquire load in `get`. Acquire on failure: as there.
        match self.pointer.compare_exchange(ptr::null_mut(), new, Ordering::Release, Ordering::Acquire) {
            Ok(_) => value,
            Err(_) => self.get().unwrap_or(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_stands() {
        static ONE: u32 = 1;
        static TWO: u32 = 2;
        let published = Published::empty();
        assert_eq!(published.get(), None);
        assert_eq!(published.set(&ONE), &1);
        assert_eq!(published.set(&TWO), &1);
        assert_eq!(published.get(), Some(&1));
    }
}
