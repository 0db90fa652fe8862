//! Futures polled by whichever thread comes by, one poll at a time.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tasks waiting for their next poll.
#[derive(Default)]
pub(crate) struct Tasks(Mutex<VecDeque<Task>>);

impl Tasks {
    pub(crate) fn push(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.lock().push_back(Box::pin(task));
    }

    /// Polls the task that has waited longest; a task may panic. False when there is none.
    pub(crate) fn poll_one(&self) -> bool {
        let Some(mut task) = self.lock().pop_front() else { return false };
        let mut cx = Context::from_waker(Waker::noop());
        if task.as_mut().poll(&mut cx).is_pending() {
            self.lock().push_back(task);
        }
        true
    }

    /// Drops the task that has waited longest, wherever it is.
    pub(crate) fn give_one_up(&self) {
        let task = self.lock().pop_front();
        drop(task);
    }

    /// Drops every task.
    pub(crate) fn clear(&self) {
        let tasks = std::mem::take(&mut *self.lock());
        drop(tasks);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Task>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Pending so many times.
pub(crate) struct Yields(pub(crate) u64);

impl Future for Yields {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        Poll::Pending
    }
}
