//! How a producer asks for an early tick without a lock.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, Thread};
use std::time::Duration;

/// Wakes the worker early; cheap, never blocks, callable from a producer.
///
/// While a wake is pending, further ones are a load and a branch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waker {
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    /// A wake is pending. Set by producers and requests, cleared by the worker before it looks for work.
    woken: AtomicBool,
    /// The worker's thread, set by itself before it first waits.
    thread: OnceLock<Thread>,
}

impl Waker {
    /// Asks for a tick as soon as possible.
    pub(crate) fn wake(&self) {
        if self.state.woken.load(Ordering::Relaxed) {
            return;
        }
        // Release: pairs with the Acquire swap in `take`, so that the worker sees what made the caller wake it.
        if !self.state.woken.swap(true, Ordering::Release)
            && let Some(thread) = self.state.thread.get()
        {
            thread.unpark();
        }
    }

    /// Makes the calling thread the one that is woken.
    pub(super) fn bind(&self) {
        // A waker is bound by its one worker; a second call changes nothing.
        let _ = self.state.thread.set(thread::current());
    }

    /// Clears a pending wake; true when there was one.
    pub(super) fn take(&self) -> bool {
        // Acquire: pairs with the Release swap in `wake`.
        self.state.woken.swap(false, Ordering::Acquire)
    }

    /// Waits until woken or for `timeout`; may also return for no reason.
    ///
    /// A wake before the worker was bound is not lost: the flag is looked at before each wait.
    pub(super) fn wait(&self, timeout: Duration) {
        if !self.state.woken.load(Ordering::Acquire) {
            thread::park_timeout(timeout);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wake_before_binding_is_not_lost() {
        let waker = Waker::default();
        waker.wake();
        waker.bind();
        waker.wait(Duration::from_secs(3600));
        assert!(waker.take());
        assert!(!waker.take());
    }

    #[test]
    fn wake_ends_a_wait_on_another_thread() {
        let waker = Waker::default();
        let (bound, is_bound) = std::sync::mpsc::channel();
        let sleeper = {
            let waker = waker.clone();
            thread::spawn(move || {
                waker.bind();
                bound.send(()).unwrap();
                while !waker.take() {
                    waker.wait(Duration::from_secs(3600));
                }
            })
        };
        is_bound.recv().unwrap();
        waker.wake();
        sleeper.join().unwrap();
    }
}
