//! Shutting down from a task, without blocking its executor.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::telemetry::Telemetry;
use crate::drain::{Delivery, ShutdownError};
use crate::forking;

type Outcome = Result<Vec<Delivery>, ShutdownError>;

/// A shutdown under way: ready when it is over. It goes on when this is dropped.
#[must_use = "a future does nothing unless it is polled; the shutdown itself goes on"]
pub struct Stopping {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    outcome: Option<Outcome>,
    waker: Option<Waker>,
}

impl Telemetry {
    /// Shuts down as [`Telemetry::shutdown`] does, on a thread of its own: to be awaited at the end of a graceful
    /// server, in any runtime or none.
    pub fn shutdown_async(self, timeout: Duration) -> Stopping {
        let shared = Arc::new(Mutex::new(Shared::default()));
        let teller = Arc::clone(&shared);
        let work = move || {
            let outcome = self.shutdown(timeout);
            let mut shared = teller.lock().unwrap_or_else(PoisonError::into_inner);
            shared.outcome = Some(outcome);
            if let Some(waker) = shared.waker.take() {
                waker.wake();
            }
        };
        // Without a thread the closure is dropped, and with it the handle, which shuts down in place.
        if forking::spawn("telemetry-shutdown", work).is_err() {
            shared.lock().unwrap_or_else(PoisonError::into_inner).outcome = Some(Ok(Vec::new()));
        }
        Stopping { shared }
    }
}

impl Future for Stopping {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(outcome) = shared.outcome.take() {
            return Poll::Ready(outcome);
        }
        shared.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl fmt::Debug for Stopping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stopping").finish_non_exhaustive()
    }
}
