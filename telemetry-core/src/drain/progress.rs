//! How far the worker has come, and how callers wait for it.

use std::sync::{Condvar, Mutex};
use std::time::Instant;

use super::waker::Waker;
use super::{lock, remaining};

/// The worker's ticks, counted, and the wish to stop.
#[derive(Debug, Default)]
pub(super) struct Progress {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The number of full ticks asked for; a tick that starts later serves every request made before.
    requested: u64,
    started: u64,
    finished: u64,
    begun: bool,
    stopping: bool,
    stopped: bool,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    Reached,
    Stopped,
    TimedOut,
}

/// What the worker is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wishes {
    /// Somebody waits for a full tick.
    pub(super) tick: bool,
    /// This is to be the last one.
    pub(super) stop: bool,
}

impl Progress {
    /// Asks for a full tick and waits until one that began after the call has ended.
    pub(super) fn request_tick(&self, waker: &Waker, deadline: Option<Instant>) -> Awaited {
        let mut state = lock(&self.state);
        if state.stopping {
            return Awaited::Stopped;
        }
        let target = state.started + 1;
        state.requested = state.requested.max(target);
        waker.wake();
        loop {
            if state.finished >= target {
                return Awaited::Reached;
            }
            if state.stopped {
                return Awaited::Stopped;
            }
            let left = remaining(deadline);
            if left.is_zero() {
                return Awaited::TimedOut;
            }
            state =
                self.changed.wait_timeout(state, left).unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
    }

    /// Asks the worker to end after a last tick.
    pub(super) fn request_stop(&self, waker: &Waker) {
        lock(&self.state).stopping = true;
        waker.wake();
    }

    /// The worker has come to its work.
    pub(super) fn worker_begun(&self) {
        lock(&self.state).begun = true;
        self.changed.notify_all();
    }

    /// Waits until the worker has come to its work; it may not have at the deadline.
    pub(super) fn await_begun(&self, deadline: Instant) {
        let state = lock(&self.state);
        drop(self.changed.wait_timeout_while(state, remaining(Some(deadline)), |state| !state.begun));
    }

    /// Waits until the worker has ended; false when it had not by the deadline.
    pub(super) fn await_stopped(&self, deadline: Option<Instant>) -> bool {
        let mut state = lock(&self.state);
        while !state.stopped {
            let left = remaining(deadline);
            if left.is_zero() {
                return false;
            }
            state =
                self.changed.wait_timeout(state, left).unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
        true
    }

    /// What callers wish for; only the worker asks.
    pub(super) fn wishes(&self) -> Wishes {
        let state = lock(&self.state);
        Wishes { tick: state.requested > state.started, stop: state.stopping }
    }

    /// The worker begins a full tick.
    pub(super) fn tick_started(&self) {
        lock(&self.state).started += 1;
    }

    /// The worker has ended a full tick.
    pub(super) fn tick_finished(&self) {
        let mut state = lock(&self.state);
        state.finished = state.started;
        self.changed.notify_all();
    }

    /// The worker has ended.
    pub(super) fn worker_stopped(&self) {
        let mut state = lock(&self.state);
        state.stopping = true;
        state.stopped = true;
        self.changed.notify_all();
    }
}
