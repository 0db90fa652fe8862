//! What stands for `membarrier` in a model.
//!
//! The kernel stops each thread at one point of its program, and makes it pass a full barrier there. So does a
//! read-modify-write of a word of that thread's: it falls before or after the thread's own, which stand where the
//! compiler must not reorder; the later one of two sees all that came before the earlier. Threads that only pass their
//! own words are ordered by nothing, as in truth.

use std::cell::Cell;

use crate::sync::{AtomicU32, Ordering};

/// What the models that run on this thread of the test's may rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ring) enum Stand {
    /// The barrier, as it is.
    Membarrier,
    /// Nothing: nobody reclaims or closes.
    Nothing,
    /// A system that has none.
    Missing,
}

thread_local! {
    /// Loom's threads are all one thread's.
    pub(in crate::ring) static STAND: Cell<Stand> = const { Cell::new(Stand::Membarrier) };
}

/// A word in which a thread and whoever stops it meet.
pub(super) struct Meeting(AtomicU32);

impl Meeting {
    pub(super) fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    pub(super) fn light(&self) {
        if STAND.get() == Stand::Membarrier {
            self.0.fetch_add(1, Ordering::AcqRel);
        }
    }

    pub(super) fn heavy(&self) {
        assert_ne!(STAND.get(), Stand::Nothing, "nobody reclaims in this model");
        self.light();
    }
}

pub(in crate::ring) fn register() -> bool {
    STAND.get() != Stand::Missing
}

pub(super) fn heavy() -> bool {
    register()
}
