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

/// A request under way. Dropping it ends it: cancelled, unless all that was to be sent has been, or the drop is part of
/// a panic.
#[derive(Debug)]
pub(crate) struct Running(
    // None only while it is dropped.
    Option<Box<Exchange>>,
);

impl Running {
    /// A request of which nothing is known.
    pub(super) fn new() -> Self {
        Self(Some(pool::FREE.try_with(|free| free.borrow_mut().pop()).ok().flatten().unwrap_or_default()))
    }

    /// What is known of it.
    pub(crate) fn exchange(&mut self) -> Option<&mut Exchange> {
        self.0.as_deref_mut()
    }

    /// Ends it.
    pub(crate) fn end(mut self, end: End) {
        if let Some(exchange) = self.exchange() {
            exchange.end(end);
        }
    }

    /// Takes note of something, if the request is under way still. A panic of a hook that is told ends the request.
    pub(crate) fn note(running: &mut Option<Self>, work: impl FnOnce(&mut Exchange)) {
        let noted = EndOnPanic(running);
        if let Some(exchange) = noted.0.as_mut().and_then(Self::exchange) {
            work(exchange);
        }
    }

    /// Runs work inside the span of a request, if it is under way still. A panic in it ends the request as panicked:
    /// whoever catches it may keep the future or the body for long.
    pub(crate) fn within<R>(running: &mut Option<Self>, work: impl FnOnce() -> R) -> R {
        let entered = EndOnPanic(running);
        match entered.0.as_mut().and_then(Self::exchange) {
            Some(exchange) => exchange.inside(work),
            None => work(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(mut place) = self.0.take() else { return };
        place.settle();
        let _ = pool::FREE.try_with(|free| {
            let mut free = free.borrow_mut();
            if free.len() < POOL {
                free.push(place);
            }
        });
    }
}

/// Drops the request while the panic is on its way, which tells its span of it.
struct EndOnPanic<'a>(&'a mut Option<Running>);

impl Drop for EndOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.take();
        }
    }
}
