//! The worker that takes finished spans from the ring and hands them to the sinks, off the request path.
//!
//! One thread, `telemetry-drain`, ticks at an interval and earlier when woken. Each sink has a bounded queue and a
//! thread of its own (`telemetry-sink-<name>`), so one that errors, panics, is slow or blocks for ever touches no
//! other: its own queue fills, and what it then misses is counted for it alone.
//!
//! For every sink, at every moment, exactly: taken = delivered + dropped by reason + queued.

mod delivery;
mod faults;
mod figures;
mod health;
mod inherit;
pub(crate) mod lane;
mod options;
mod progress;
mod reason;
pub(crate) mod sink_thread;
#[cfg(test)]
mod tests;
mod waker;
mod worker;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::metric::snapshot::{MetricFamily, MetricsSnapshot};
use crate::record::SpanRecord;
use crate::resource::Resource;
use crate::sink::Sink;

pub use delivery::{Delivery, DeliveryOutcome, DrainError, DrainStartError, ShutdownError};
pub(crate) use faults::Faults;
pub use health::{DrainHealth, SinkHealth, SinkState};
pub(crate) use inherit::Paused;
pub(crate) use options::{Options, is_interval};
pub(crate) use waker::Waker;

use lane::Lane;
pub use lane::SinkFigures;
use progress::Awaited;
use worker::Shared;

/// Something the source wants reported; of one kind at a limited rate.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) kind: String,
    pub(crate) line: String,
}

/// What the drain takes from; the pipeline implements it over the ring and the metric store.
///
/// Only the worker thread calls it; at a shutdown that finds the worker stuck, the last spans are drained by the thread
/// that shuts down.
pub(crate) trait Source: Send + Sync + 'static {
    /// Called at the start of a tick: re-anchors the clock.
    fn tick(&self);

    /// Runs the samplers and reads every instrument, adding `own`, the drain's own figures; a family that both
    /// sides have is one family with the series of both. Also returns what should be reported.
    fn collect_metrics(&self, own: Vec<MetricFamily>) -> (Arc<MetricsSnapshot>, Vec<Report>);

    /// Moves up to `max` finished spans out of the ring into `out`; returns how many. Zero means that nothing more
    /// is ready.
    fn drain_spans(&self, max: usize, out: &mut Vec<SpanRecord>) -> usize;

    /// Nothing is to wait for anything from here on: the next calls of `drain_spans` hand out all that is to be handed out.
    fn conclude(&self) {}

    /// How many spans the ring can hold. One tick takes at most twice that, so it ends while producers go on.
    fn capacity(&self) -> usize;
}

/// The running worker and its sinks.
///
/// Dropping it stops the worker without waiting: what is ready is still drained, then the sinks are closed.
pub(crate) struct Drain {
    shared: Arc<Shared>,
}

impl Drain {
    /// Starts the worker; sinks are added afterwards.
    ///
    /// # Errors
    /// The interval is out of range, or the thread could not be started.
    pub(crate) fn start(options: Options, source: Arc<dyn Source>) -> Result<Self, DrainStartError> {
        options.validate()?;
        let shared = Arc::new(Shared::new(options, source));
        worker::spawn(&shared).map_err(|e| DrainStartError::thread("telemetry-drain", &e))?;
        Ok(Self { shared })
    }

    /// The handle by which a producer asks for an early tick.
    pub(crate) fn waker(&self) -> Waker {
        self.shared.waker.clone()
    }

    /// Adds a sink, also while running; it receives what is drained from then on. A name already taken gets a
    /// number (`memory-2`). Returns the name it goes by.
    ///
    /// # Errors
    /// The drain has stopped, or the sink's thread could not be started.
    pub(crate) fn add_sink(&self, sink: Box<dyn Sink>) -> Result<String, DrainStartError> {
        self.shared.add_sink(sink)
    }

    /// Drains everything ready and waits until every sink has processed it.
    ///
    /// Called by a sink it waits for itself, until the time is over; so do `flush` and `shutdown`.
    ///
    /// # Errors
    /// The drain has stopped, or a sink failed, dropped something or was not done in time.
    pub(crate) fn drain_now(&self, timeout: Duration) -> Result<Vec<Delivery>, DrainError> {
        self.request(timeout, Lane::mark)
    }

    /// Does what [`drain_now`](Self::drain_now) does and flushes every sink.
    ///
    /// # Errors
    /// As for `drain_now`; also when a sink could not flush.
    pub(crate) fn flush(&self, timeout: Duration) -> Result<Vec<Delivery>, DrainError> {
        self.request(timeout, Lane::push_flush)
    }

    /// Stops: drains what is ready, flushes and closes every sink, and ends all threads, within `timeout`.
    ///
    /// A thread that is not done by then is abandoned and named in the error, and the spans it still had count as
    /// dropped. Later calls wait for the first one and return what it returned.
    ///
    /// # Errors
    /// A thread had to be abandoned, or a sink failed while it was being closed.
    pub(crate) fn shutdown(&self, timeout: Duration) -> Result<Vec<Delivery>, ShutdownError> {
        let mut result = lock(&self.shared.shutdown);
        if let Some(result) = &*result {
            return result.clone();
        }
        let outcome = self.stop_and_close(timeout);
        *result = Some(outcome.clone());
        outcome
    }

    /// The accounting of every sink, in the order they were added.
    pub(crate) fn figures(&self) -> Vec<SinkFigures> {
        self.shared.lanes().iter().map(|lane| lane.figures()).collect()
    }

    /// The time between two ticks.
    pub(crate) fn interval(&self) -> Duration {
        self.shared.options.interval
    }

    /// What the service is.
    pub(crate) fn resource(&self) -> &Resource {
        &self.shared.options.context.resource
    }

    /// How the worker fares, and every sink, in the order they were added.
    pub(crate) fn health(&self) -> (DrainHealth, Vec<SinkHealth>) {
        let sinks = self.shared.lanes().iter().map(|lane| lane.health()).collect();
        (self.shared.health(), sinks)
    }

    /// The drain's own figures as metric families, for a scrape outside a tick.
    pub(crate) fn families(&self) -> Vec<MetricFamily> {
        self.shared.families()
    }

    fn request(&self, timeout: Duration, mark: fn(&Lane) -> u64) -> Result<Vec<Delivery>, DrainError> {
        let deadline = Instant::now().checked_add(timeout);
        let before: Vec<_> = self.shared.lanes().into_iter().map(|lane| (lane.fault_count(), lane)).collect();
        match self.shared.progress.request_tick(&self.shared.waker, deadline) {
            Awaited::Reached => {}
            Awaited::Stopped => return Err(DrainError::Stopped),
            Awaited::TimedOut => return Err(DrainError::WorkerBusy { timeout }),
        }
        let marked: Vec<_> = before.into_iter().map(|(faults, lane)| (faults, mark(&lane), lane)).collect();
        let deliveries: Vec<_> =
            marked.iter().map(|(faults, mark, lane)| lane.await_mark(*mark, *faults, deadline)).collect();
        if deliveries.iter().all(Delivery::is_done) {
            Ok(deliveries)
        } else {
            Err(DrainError::Incomplete(deliveries))
        }
    }

    fn stop_and_close(&self, timeout: Duration) -> Result<Vec<Delivery>, ShutdownError> {
        let now = Instant::now();
        let deadline = now.checked_add(timeout);
        // A stuck worker must not cost the sinks the time to deliver.
        let worker_deadline = now.checked_add(timeout.mul_f64(0.75));
        // First of all: a sink that waits for its destination is to stop waiting.
        self.shared.options.context.shutdown.begin(deadline);
        let before: Vec<_> = self.shared.lanes().iter().map(|lane| lane.fault_count()).collect();
        let mut abandoned = Vec::new();
        self.shared.progress.request_stop(&self.shared.waker);
        if !self.shared.progress.await_stopped(worker_deadline) {
            abandoned.push("telemetry-drain".to_owned());
            self.shared.drain_spans_for_worker();
        }
        let lanes = self.shared.close_lanes();
        let mut deliveries = Vec::with_capacity(lanes.len());
        for (i, lane) in lanes.iter().enumerate() {
            let delivery = lane.await_closed(before.get(i).copied().unwrap_or(0), deadline);
            if delivery.outcome == DeliveryOutcome::TimedOut {
                lane.abandon();
                abandoned.push(sink_thread::thread_name(lane.name()));
            }
            deliveries.push(delivery);
        }
        self.shared.options.faults.finish();
        if !abandoned.is_empty() {
            Err(ShutdownError::Abandoned { threads: abandoned, timeout, deliveries })
        } else if deliveries.iter().all(Delivery::is_done) {
            Ok(deliveries)
        } else {
            Err(ShutdownError::Incomplete(deliveries))
        }
    }
}

impl Drop for Drain {
    fn drop(&mut self) {
        self.shared.options.context.shutdown.begin(None);
        self.shared.progress.request_stop(&self.shared.waker);
    }
}

/// Locks, also after a panic elsewhere: no critical section here leaves its data half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is left until a deadline; no deadline is for ever, a deadline in the past is nothing.
fn remaining(deadline: Option<Instant>) -> Duration {
    deadline.map_or(Duration::MAX, |d| d.saturating_duration_since(Instant::now()))
}
