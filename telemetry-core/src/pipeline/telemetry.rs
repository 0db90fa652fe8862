//! Starting and stopping the pipeline of the process.

use std::fmt::{self, Display};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::evidence;
use super::ring_cell::{MAX_CAPACITY, MIN_CAPACITY};
use super::running::{self, Run};
use super::source::{PipelineSource, suppress};
use super::switch::enable;
use super::{Accounting, GLOBAL, RingError, at_exit, fork, process};
use crate::drain::{Delivery, Drain, DrainError, DrainStartError, Options, ShutdownError, is_interval};
use crate::evidence::CrashEvidence;
use crate::filter::Filter;
use crate::forking::generation;
use crate::metric::RegistryConflict;
use crate::metric::process::ProcessMetrics;
use crate::metric::snapshot::MetricsSnapshot;
use crate::record::Value;
use crate::resource::Resource;
use crate::sample::{AlwaysSample, ParentBased, RatioError, RatioSample, Sampler};
use crate::settings::{Resolver, Values};
use crate::sink::{LiveMetrics, Sink, SinkContext};
use crate::span::{gates, watch_panics};

/// How long a shutdown may take when nothing else is said.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

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
    resource: Arc<Resource>,
    /// What this handle started; another pipeline may be that of the process by now.
    pub(super) run: Run,
    /// Taken out of the metrics after the shutdown.
    _process: Option<ProcessMetrics>,
}

/// The number of the next pipeline.
static NUMBERS: AtomicU64 = AtomicU64::new(0);

/// Why the pipeline could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// It runs already, is just being started by another thread, or is being shut down.
    #[error("telemetry is already running in this process: shut it down before starting it again")]
    AlreadyRunning,
    /// This is the child of a fork that came while another thread had a lock for too long.
    #[error("telemetry cannot run in this child of a fork: a thread of the parent held a lock meanwhile")]
    Forked,
    /// The ring could not be configured.
    #[error(transparent)]
    Ring(#[from] RingError),
    /// The drain or a sink could not be started.
    #[error(transparent)]
    Drain(#[from] DrainStartError),
}

/// What the pipeline is to be like. Reads no environment.
#[must_use = "the pipeline begins with `start`"]
pub struct TelemetryBuilder {
    resource: Resource,
    sampler: Option<Box<dyn Sampler>>,
    filter: Filter,
    ring_capacity: Option<usize>,
    interval: Duration,
    shutdown_timeout: Duration,
    pub(super) at_exit: bool,
    sinks: Vec<Box<dyn Sink>>,
    pub(super) evidence: Option<CrashEvidence>,
    pub(super) process_metrics: bool,
}

impl TelemetryBuilder {
    /// Names the service: `service.name`. Default: the executable's name.
    pub fn service_name(mut self, name: impl Into<String>) -> Self {
        self.resource.set("service.name", Value::Str(name.into().into()));
        self
    }

    /// States the service's version: `service.version`.
    pub fn service_version(mut self, version: impl Into<String>) -> Self {
        self.resource.set("service.version", Value::Str(version.into().into()));
        self
    }

    /// Puts another resource in, whole.
    pub fn resource(mut self, resource: Resource) -> Self {
        self.resource = resource;
        self
    }

    /// Decides which traces are recorded. Default: all of them, unless a parent in another process was not.
    pub fn sampler(mut self, sampler: impl Sampler) -> Self {
        self.sampler = Some(Box::new(sampler));
        self
    }

    /// Chooses the call sites that record. Default: all of them.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// Slots in the span ring: a power of two from 256 to 16,777,216; default 16,384, which is 6 MiB.
    pub const fn ring_capacity(mut self, slots: usize) -> Self {
        self.ring_capacity = Some(slots);
        self
    }

    /// The time between two drains, 0.01 to 300 s; default 1 s. A ring that fills wakes the drain earlier.
    pub const fn drain_interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// How long the shutdown may take when the handle is dropped; default 5 s.
    pub const fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.shutdown_timeout = timeout;
        self
    }

    /// Adds a sink.
    pub fn sink(self, sink: impl Sink) -> Self {
        self.boxed_sink(Box::new(sink))
    }

    /// Adds a sink that is already boxed, such as one made by name.
    pub fn boxed_sink(mut self, sink: Box<dyn Sink>) -> Self {
        self.sinks.push(sink);
        self
    }

    /// Starts the pipeline and enables it.
    ///
    /// # Errors
    /// When the ring's capacity is invalid or the interval out of range (both are looked at first), it runs already,
    /// the capacity cannot be changed any more, or a thread cannot be started. Nothing is left running then.
    pub fn start(self) -> Result<Telemetry, StartError> {
        self.validate()?;
        fork::resume();
        let refused = || if fork::is_halted() { StartError::Forked } else { StartError::AlreadyRunning };
        let starting = running::begin().ok_or_else(refused)?;
        if let Some(capacity) = self.ring_capacity {
            match GLOBAL.ring.configure(capacity) {
                Err(RingError::AlreadyInUse(live)) if live == capacity => {}
                result => result?,
            }
        }
        let resource = Arc::new(self.resource);
        let source = PipelineSource {
            pipeline: &GLOBAL,
            interval: self.interval,
            started_unix_nanos: GLOBAL.timeline.unix_nanos(),
        };
        let options = Options {
            interval: self.interval,
            context: SinkContext {
                resource: Arc::clone(&resource),
                live: Some(LiveMetrics::new(live_metrics)),
                ..SinkContext::default()
            },
            suppress,
            ..Options::default()
        };
        let drain = Drain::start(options, Arc::new(source))?;
        for sink in self.sinks {
            drain.add_sink(sink)?;
        }
        let waker = drain.waker();
        GLOBAL.ring.wake.set(Some(Box::new(move || waker.wake())));
        let default: Box<dyn Sampler> = Box::new(ParentBased(AlwaysSample));
        GLOBAL.sampler.set(self.sampler.unwrap_or(default));
        set_filter(self.filter);
        watch_panics();
        fork::watch();
        at_exit::watch();
        let evidence = evidence::begin(self.evidence, &resource);
        let run = Run {
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            generation: generation(),
            drain: Arc::new(drain),
            shutdown_timeout: self.shutdown_timeout,
            at_exit: self.at_exit,
            evidence,
        };
        starting.done(run.clone());
        report_conflicts();
        let process = self.process_metrics.then(process::metrics).flatten();
        enable();
        Ok(Telemetry { resource, run, _process: process })
    }

    /// Looks at what was given, whatever runs already.
    fn validate(&self) -> Result<(), StartError> {
        let possible =
            |slots: &usize| slots.is_power_of_two() && (MIN_CAPACITY..=MAX_CAPACITY).contains(slots);
        if let Some(capacity) = self.ring_capacity.filter(|slots| !possible(slots)) {
            return Err(RingError::InvalidCapacity(capacity).into());
        }
        if !is_interval(self.interval) {
            return Err(DrainStartError::Interval { given: self.interval }.into());
        }
        Ok(())
    }
}

/// Writes a line to standard error; where that is gone, there is nobody to tell.
pub(super) fn say(line: &dyn Display) {
    let _ = writeln!(io::stderr().lock(), "telemetry: {line}");
}

/// Says which declarations of instruments clash; the first of each counts.
fn report_conflicts() {
    for conflict in crate::metric::check() {
        say(&conflict);
    }
}

impl Telemetry {
    /// A pipeline to be configured in code.
    pub fn builder() -> TelemetryBuilder {
        let resource = Resolver::new()
            .values(&Values::new())
            .resolve()
            .map_or_else(|_| Resource::empty(), |resolved| crate::settings::resource(&resolved, None));
        TelemetryBuilder {
            resource,
            sampler: None,
            filter: Filter::EVERYTHING,
            ring_capacity: None,
            interval: Duration::from_secs(1),
            shutdown_timeout: SHUTDOWN_TIMEOUT,
            at_exit: true,
            sinks: Vec::new(),
            evidence: None,
            process_metrics: false,
        }
    }

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
        GLOBAL.sampler.set(Box::new(sampler));
    }

    /// Records this share of the traces that begin here from now on, and follows the decision of a parent in another
    /// process: puts `ParentBased(RatioSample)` in.
    ///
    /// # Errors
    /// When the ratio is not a number from 0 to 1; then nothing changes.
    pub fn set_sample_ratio(&self, ratio: f64) -> Result<(), RatioError> {
        self.set_sampler(ParentBased(RatioSample::new(ratio)?));
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

    /// Drains everything that has ended and waits until every sink has processed it. Blocks the calling thread; called by
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
    let drain = running::drain();
    let own = drain.map_or_else(Vec::new, |drain| drain.families());
    GLOBAL.collect(Duration::from_secs(1), 0, own).0
}

fn set_filter(filter: Filter) {
    GLOBAL.set_filter(filter.clone());
    gates::set_filter(filter);
}
