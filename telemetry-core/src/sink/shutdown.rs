//! How a sink that waits learns that there is nothing more to wait for.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Tells sinks that the pipeline is being shut down, and until when; clones share it.
///
/// A sink that waits, before it tries again for instance, waits by [`wait`](Self::wait), so that a shutdown finds it
/// ready to end rather than asleep.
///
/// # Examples
/// ```
/// use std::time::{Duration, Instant};
/// use telemetry_core::sink::ShutdownSignal;
///
/// let signal = ShutdownSignal::new();
/// assert!(!signal.wait(Duration::from_millis(1)), "the time has passed");
/// signal.begin(Instant::now().checked_add(Duration::from_secs(5)));
/// assert!(signal.wait(Duration::from_secs(3600)), "returns at once");
/// assert!(signal.remaining() <= Duration::from_secs(5));
/// ```
#[derive(Clone, Debug, Default)]
pub struct ShutdownSignal(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Running,
    /// With the time at which a sink that is still busy is abandoned, where there is one.
    Ending(Option<Instant>),
}

impl ShutdownSignal {
    /// A signal for a pipeline that runs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says that the shutdown has begun, and when a sink that is still busy will be abandoned. Only the first call
    /// counts.
    pub fn begin(&self, deadline: Option<Instant>) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Running) {
            *state = State::Ending(deadline);
            self.0.changed.notify_all();
        }
    }

    /// Whether the shutdown has begun.
    pub fn has_begun(&self) -> bool {
        matches!(self.state(), State::Ending(_))
    }

    /// The time that is left; for ever, [`Duration::MAX`], while the pipeline runs or nobody has set a time.
    pub fn remaining(&self) -> Duration {
        match self.state() {
            State::Ending(Some(deadline)) => deadline.saturating_duration_since(Instant::now()),
            State::Running | State::Ending(None) => Duration::MAX,
        }
    }

    /// Waits for `timeout`, or until the shutdown begins; true when it has begun.
    pub fn wait(&self, timeout: Duration) -> bool {
        let state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        let running = |state: &mut State| matches!(state, State::Running);
        let (state, _) = self
            .0
            .changed
            .wait_timeout_while(state, timeout, running)
            .unwrap_or_else(PoisonError::into_inner);
        matches!(*state, State::Ending(_))
    }

    fn state(&self) -> State {
        *self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_ends_a_wait_on_another_thread() {
        let signal = ShutdownSignal::new();
        let waiting = {
            let signal = signal.clone();
            std::thread::spawn(move || signal.wait(Duration::from_secs(3600)))
        };
        signal.begin(None);
        assert!(waiting.join().unwrap());
    }

    #[test]
    fn only_the_first_deadline_counts() {
        let signal = ShutdownSignal::new();
        assert_eq!((signal.has_begun(), signal.remaining()), (false, Duration::MAX));
        signal.begin(Some(Instant::now()));
        signal.begin(None);
        assert_eq!((signal.has_begun(), signal.remaining()), (true, Duration::ZERO));
    }
}
