//! What a guard keeps that cannot close by the fast path: that of a local root, of an unrecorded span, of one that was
//! opened while a panic was unwinding, or by another clock than that of the fast path.

use std::cell::RefCell;

use crate::context::{Current, Local};
use crate::pipeline::Pipeline;

/// Kept for the next guards, so that a thread that has warmed up allocates nothing.
const POOL: usize = 64;

pub(super) struct Kept {
    /// What is current inside the span.
    pub(super) inside: Current,
    /// What was current before.
    pub(super) outside: Current,
    pub(super) pipeline: &'static Pipeline,
    /// Opened by a destructor while a panic was unwinding: that panic is not this span's.
    pub(super) opened_in_panic: bool,
    /// The innermost frame when it was opened.
    pub(super) frame: u64,
}

#[allow(clippy::vec_box, reason = "a box keeps its address while its guard moves, and is handed on whole")]
mod pool {
    use super::{Kept, RefCell};

    thread_local! {
        pub(super) static FREE: RefCell<Vec<Box<Kept>>> = const { RefCell::new(Vec::new()) };
    }
}

impl Kept {
    /// Keeps what is current here, before `inside` becomes so.
    pub(super) fn keep(local: &Local, inside: Current) -> *mut Self {
        let kept = Self {
            inside,
            outside: local.current(),
            pipeline: local.pipeline.get(),
            opened_in_panic: std::thread::panicking(),
            frame: local.frame.get(),
        };
        let free = pool::FREE.try_with(|free| free.try_borrow_mut().ok()?.pop()).ok().flatten();
        Box::into_raw(match free {
            Some(mut place) => {
                *place = kept;
                place
            }
            None => Box::new(kept),
        })
    }

    /// Takes back what [`Kept::keep`] returned.
    ///
    /// # Safety
    /// `kept` came from `keep` and is not used again.
    #[allow(unsafe_code, reason = "a guard holds its box as a plain word")]
    pub(super) unsafe fn give_back(kept: *mut Self) -> Self {
        // SAFETY: the caller's promise; `keep` made it by `Box::into_raw`.
        let place = unsafe { Box::from_raw(kept) };
        let outside = Self { ..*place };
        let _ = pool::FREE.try_with(|free| {
            // An allocator that opens spans may come by while the pool grows.
            if let Ok(mut free) = free.try_borrow_mut()
                && free.len() < POOL
            {
                free.push(place);
            }
        });
        outside
    }
}
