//! Where a request under way is kept: a place of its own, so that futures and bodies that are moved move one word.

use std::cell::RefCell;

use super::exchange::{End, Exchange};

/// Places kept for the next requests of a thread, so that one that has warmed up allocates nothing.
const POOL: usize = 64;

#[allow(clippy::vec_box, reason = "a place keeps its address while what holds it moves")]
mod pool {
    use super::{Exchange, RefCell};

    thread_local! {
        pub(super) static FREE: RefCell<Vec<Box<Option<Exchange>>>> = const { RefCell::new(Vec::new()) };
    }
}

/// A request under way. Dropping it ends it, as dropping an [`Exchange`] does.
#[derive(Debug)]
pub(crate) struct Running(Box<Option<Exchange>>);

impl Running {
    pub(super) fn new(exchange: Exchange) -> Self {
        let mut place =
            pool::FREE.try_with(|free| free.borrow_mut().pop()).ok().flatten().unwrap_or_default();
        *place = Some(exchange);
        Self(place)
    }

    /// What is known of it.
    pub(crate) fn exchange(&mut self) -> Option<&mut Exchange> {
        self.0.as_mut().as_mut()
    }

    /// Ends it.
    pub(crate) fn end(mut self, end: End) {
        if let Some(exchange) = self.exchange() {
            exchange.end(end);
        }
        *self.0 = None;
        let _ = pool::FREE.try_with(|free| {
            let mut free = free.borrow_mut();
            if free.len() < POOL {
                free.push(self.0);
            }
        });
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

/// Drops the exchange while the panic is on its way, which tells its span of it.
struct EndOnPanic<'a>(&'a mut Option<Running>);

impl Drop for EndOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.take();
        }
    }
}
