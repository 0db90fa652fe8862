//! What the child of a fork takes over: sinks, between two calls, and how the drain runs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::Instant;

use super::lane::Lane;
use super::sink_thread::panicked;
use super::{Drain, DrainStartError, Options, Source, lock, remaining};
use crate::resource::Resource;
use crate::sink::{AfterFork, ShutdownSignal, Sink, SinkContext};

/// A drain whose sinks are kept from being called, while the process forks.
pub(crate) struct Paused {
    drain: Arc<Drain>,
    lanes: Vec<Arc<Lane>>,
}

impl Drain {
    /// Keeps the sinks from being called, once they are between two calls; one that is not by the deadline is left.
    ///
    /// Also waits until all threads have come to their work: the standard library has a lock on the way there.
    pub(crate) fn pause(self: Arc<Self>, deadline: Instant) -> Paused {
        let lanes = self.shared.lanes();
        for lane in &lanes {
            lane.stop_handing_out();
        }
        self.shared.progress.await_begun(deadline);
        for lane in &lanes {
            lane.await_idle(deadline);
            lane.prepare_for_fork();
        }
        Paused { drain: self, lanes }
    }
}

impl Paused {
    /// Lets the sinks go on, in the parent.
    pub(crate) fn go_on(&self) {
        for lane in &self.lanes {
            lane.go_on();
        }
    }

    /// What the service is in the parent.
    pub(crate) fn resource(&self) -> &Resource {
        self.drain.resource()
    }

    /// Starts another drain with the sinks of this one, in the child. Nothing of this one is locked but the sinks:
    /// threads that are not here may hold its locks.
    ///
    /// Also says which sinks stay silent, and why.
    pub(crate) fn adopt(
        self,
        resource: Resource,
        source: Arc<dyn Source>,
    ) -> Result<(Drain, Vec<String>), DrainStartError> {
        let old = &self.drain.shared.options;
        let context = SinkContext {
            resource: Arc::new(resource),
            live: old.context.live.clone(),
            shutdown: ShutdownSignal::new(),
            ..SinkContext::default()
        };
        let options = Options {
            interval: old.interval,
            batch_spans: old.batch_spans,
            queue_batches: old.queue_batches,
            context,
            suppress: old.suppress,
            ..Options::default()
        };
        let drain = Drain::start(options, source)?;
        let mut silent = Vec::new();
        for lane in &self.lanes {
            match lane.inherit() {
                Ok(sink) => drop(drain.add_sink(sink)?),
                Err(why) => silent.push(format!("the sink {} stays silent: {why}", lane.name())),
            }
        }
        Ok((drain, silent))
    }
}

impl Lane {
    fn stop_handing_out(&self) {
        lock(&self.state).forks += 1;
    }

    /// Waits until the sink has been started and is between two calls; it may still be in one at the deadline, and is where
    /// it forks itself.
    fn await_idle(&self, deadline: Instant) {
        let mut state = lock(&self.state);
        let forks_itself = state.thread == Some(thread::current().id());
        while state.busy_since.is_some() && !forks_itself {
            let left = remaining(Some(deadline));
            if left.is_zero() {
                return;
            }
            state = self.processed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Has the sink let go of what must not be carried over a fork, if it is between two calls.
    fn prepare_for_fork(&self) {
        let Ok(mut sink) = self.sink.try_lock() else { return };
        let Some(sink) = sink.as_mut() else { return };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| sink.before_fork())) {
            self.fault("prepare for a fork", &panicked(panic));
        }
    }

    fn go_on(&self) {
        lock(&self.state).forks -= 1;
        self.filled.notify_one();
    }

    /// The sink, rebuilt, in the child of a fork; or why it stays silent there.
    fn inherit(&self) -> Result<Box<dyn Sink>, &'static str> {
        let mut sink =
            self.sink.try_lock().map_err(|_| "it was in the middle of a call when the process forked")?;
        let mut sink = sink.take().ok_or("it had been closed")?;
        match catch_unwind(AssertUnwindSafe(|| sink.after_fork())) {
            Ok(AfterFork::Keep) => Ok(sink),
            Ok(AfterFork::Disable) => {
                // What it holds is the parent's.
                std::mem::forget(sink);
                Err("it is its parent's alone")
            }
            Err(panic) => {
                std::mem::forget((sink, panic));
                Err("it panicked when it was to be rebuilt")
            }
        }
    }
}
