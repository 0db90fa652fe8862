//! Where a request under way is kept: a place of its own, so that futures and bodies that are moved move one word.

use std::cell::RefCell;

use super::exchange::{End, Exchange};

/// Places kept for the next requests of a thread, so that one that has warmed up allocates nothing.
const POOL: usize = 64;

#[allow(clippy::vec_box, reason = "a place keeps its address while what holds it moves")]
mod pool {
    use super::{Exchange, RefCell};

    thread_local! {
        pub(super) static FREE: RefCell<Vec<Box<Exchange>>> = const { RefCell::new(Vec::new()) };
    }
}

/// A request under way, or nothing. Dropping it ends it: cancelled, unless all that was to be sent has been, or a panic
/// unwound through its work.
#[derive(Debug)]
pub(crate) struct Running(Option<Box<Exchange>>);

impl Running {
    /// No request that is recorded, or none any more.
    pub(crate) const NOTHING: Self = Self(None);

    /// A request of which nothing is known.
    pub(super) fn new() -> Self {
        Self(Some(pool::FREE.try_with(|free| free.borrow_mut().pop()).ok().flatten().unwrap_or_default()))
    }

    /// What is known of it.
    #[inline(always)]
    pub(super) fn exchange(&mut self) -> Option<&mut Exchange> {
        self.0.as_deref_mut()
    }

    /// Leaves nothing behind.
    pub(super) const fn take(&mut self) -> Self {
        Self(self.0.take())
    }

    /// Ends it, and leaves nothing.
    pub(super) fn ended(mut self, end: End) -> Self {
        if let Some(exchange) = self.exchange() {
            exchange.end(end);
        }
        Self::NOTHING
    }
}

impl Drop for Running {
    #[inline]
    fn drop(&mut self) {
        if let Some(place) = self.0.take() {
            settle(place);
        }
    }
}

#[inline(never)]
fn settle(mut place: Box<Exchange>) {
    place.settle();
    let _ = pool::FREE.try_with(|free| {
        let mut free = free.borrow_mut();
        if free.len() < POOL {
            free.push(place);
        }
    });
}
