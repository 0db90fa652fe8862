//! The pipeline of the process, as its owner sees it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::running::{self, Run};
use super::{Accounting, GLOBAL, fork};
use crate::drain::{Delivery, DrainError, DrainStartError, ShutdownError};
use crate::filter::Filter;
use crate::metric::RegistryConflict;
use crate::metric::process::ProcessMetrics;
use crate::metric::snapshot::MetricsSnapshot;
use crate::resource::Resource;
use crate::sample::{RatioError, RatioSample, Sampler, of_traces_here};
use crate::sink::Sink;
use crate::span::gates;
use crate::standard_error::say;

/// The running pipeline of the process. Dropping it shuts the pipeline down.
///
/// ```
/// use std::time::Duration;
/// use telemetry_core::sink::MemorySink;
/// use telemetry_core::{AlwaysSample, Telemetry, span};
///
/// #[span]
/// fn work() {}
///
/// let memory = MemorySink::new();
/// let telemetry = Telemetry::builder().service_name("books").sampler(AlwaysSample).sink(memory.clone()).start()?;
/// work();
/// telemetry.drain_now(Duration::from_secs(5))?;
/// assert_eq!(memory.spans()[0].name, "work");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "dropping it shuts the pipeline down"]
pub struct Telemetry {
    pub(super) resource: Arc<Resource>,
    /// What this handle started; another pipeline may be that of the process by now.
    pub(super) run: Run,
    /// The most traces recorded in a second, of those that begin here.
    pub(super) most: Option<u16>,
    /// Taken out of the metrics after the shutdown.
    pub(super) _process: Option<ProcessMetrics>,
}

impl Telemetry {
    /// What the service is, as it was at the start: in the child of a fork sinks are told another `service.instance.id` and
    /// `process.pid`.
    pub fn resource(&self) -> &Resource {
        &self.resource
    }

    /// The declarations of instruments that clash, each with both places: the first counts, updates of the second do
    /// nothing. They are found at the start, which reports them on standard error and goes on; a service that would
    /// rather not run with one looks here.
    pub fn conflicts(&self) -> Vec<RegistryConflict> {
        crate::metric::check()
    }

    /// Adds a sink while running; it receives what is drained from then on. Returns the name it goes by in figures.
    ///
    /// # Errors
    /// When the pipeline has been shut down or the sink's thread cannot be started.
    pub fn add_sink(&self, sink: impl Sink) -> Result<String, DrainStartError> {
        self.drain().ok_or(DrainStartError::Stopped)?.add_sink(Box::new(sink))
    }

    /// Puts another sampler in, for traces that begin from now on. The old one's memory is kept.
    pub fn set_sampler(&self, sampler: impl Sampler) {
        GLOBAL.set_sampler(Box::new(sampler));
    }

    /// Records this share of the traces that begin here from now on, and follows the decision of a parent in another
    /// process: puts `ParentBased(RatioSample)` in, with the limit of
    /// [`TelemetryBuilder::max_traces_per_second`](crate::TelemetryBuilder::max_traces_per_second) around the ratio where
    /// there is one.
    ///
    /// # Errors
    /// When the ratio is not a number from 0 to 1; then nothing changes.
    pub fn set_sample_ratio(&self, ratio: f64) -> Result<(), RatioError> {
        GLOBAL.set_sampler(of_traces_here(RatioSample::new(ratio)?, self.most));
        Ok(())
    }

    /// Puts another filter in, for spans that open from now on; those that are open finish.
    pub fn set_filter(&self, filter: Filter) {
        set_filter(filter);
    }

    /// The filter in force.
    pub fn filter(&self) -> Filter {
        GLOBAL.filter()
    }

    /// Drains everything that has ended and waits until every sink has processed it, but for spans of traces that are not
    /// decided yet, where traces are [kept](crate::KeepTraces) for how they end. Blocks the calling thread; called by
    /// a sink it waits for itself, until the time is over.
    ///
    /// # Errors
    /// When the pipeline has been shut down, or a sink failed, dropped something or was not done in time.
    pub fn drain_now(&self, timeout: Duration) -> Result<Vec<Delivery>, DrainError> {
        self.drain().ok_or(DrainError::Stopped)?.drain_now(timeout)
    }

    /// Drains as [`Telemetry::drain_now`] does and makes every sink push out what it holds.
    ///
    /// # Errors
    /// As for `drain_now`; also when a sink could not flush.
    pub fn flush(&self, timeout: Duration) -> Result<Vec<Delivery>, DrainError> {
        self.drain().ok_or(DrainError::Stopped)?.flush(timeout)
    }

    /// Stops: new spans are refused and counted, what has ended is drained, sinks are flushed and closed, all within
    /// `timeout`, at which a thread that is stuck is abandoned and named. A second call does nothing, also when another
    /// pipeline runs by then.
    ///
    /// # Errors
    /// When a thread had to be abandoned or a sink failed while it was being closed.
    pub fn shutdown(&self, timeout: Duration) -> Result<Vec<Delivery>, ShutdownError> {
        running::stop(self.run.number, timeout)
    }

    /// Where every span went.
    pub fn accounting(&self) -> Accounting {
        GLOBAL.accounting()
    }

    /// What became of the spans at each sink, also after the shutdown.
    pub fn sinks(&self) -> Vec<crate::drain::SinkFigures> {
        self.drain().map_or_else(Vec::new, |drain| drain.figures())
    }

    /// Every instrument's state now; the samplers run first.
    pub fn metrics(&self) -> Arc<MetricsSnapshot> {
        live_metrics()
    }
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry")
            .field("resource", &self.resource)
            .field("shutdown_timeout", &self.run.shutdown_timeout)
            .finish_non_exhaustive()
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Err(error) = self.shutdown(self.run.shutdown_timeout) {
            say(&error);
        }
    }
}

/// The process's instruments as they stand now; the samplers run first.
pub(crate) fn live_metrics() -> Arc<MetricsSnapshot> {
    if fork::is_halted() {
        // There are locks that nobody will let go.
        return Arc::default();
    }
    let drain = running::drain();
    let own = drain.map_or_else(Vec::new, |drain| drain.families());
    GLOBAL.collect(Duration::from_secs(1), 0, own).0
}

pub(super) fn set_filter(filter: Filter) {
    GLOBAL.set_filter(filter.clone());
    gates::set_filter(filter);
}

/// Records spans and instruments of the process from here on.
pub fn enable() {
    GLOBAL.set_enabled(true);
    GLOBAL.metrics().enable();
    gates::set_global(true);
}

/// Records nothing from here on: every span and instrument costs one load and a branch. Spans that are open finish.
/// Instruments keep their values and are exported as they stand; what happens meanwhile is not made up for.
pub fn disable() {
    gates::set_global(false);
    GLOBAL.metrics().disable();
    GLOBAL.set_enabled(false);
}

/// Whether spans and instruments of the process are recorded.
pub fn is_enabled() -> bool {
    GLOBAL.is_enabled()
}
