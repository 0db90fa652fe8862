//! What a pipeline is to be like, and its start.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::ring_cell::{MAX_CAPACITY, MIN_CAPACITY};
use super::running::{self, Run};
use super::source::{PipelineSource, suppress};
use super::telemetry::{Telemetry, enable, live_metrics, set_filter};
use super::{GLOBAL, RingError, at_exit, evidence, fork, process};
use crate::drain::{Drain, DrainStartError, Options, is_interval};
use crate::evidence::CrashEvidence;
use crate::filter::Filter;
use crate::forking::generation;
use crate::keep::KeepTraces;
use crate::record::Value;
use crate::resource::Resource;
use crate::sample::{AlwaysSample, Sampler, of_traces_here};
use crate::settings::{Resolver, Values};
use crate::sink::{LiveMetrics, Sink, SinkContext};
use crate::span::watch_panics;
use crate::standard_error::say;

/// How long a shutdown may take when nothing else is said.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// The number of the next pipeline.
static NUMBERS: AtomicU64 = AtomicU64::new(0);

/// Why the pipeline could not be started.
#[derive(thiserror::Error)]
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

/// As it is displayed: a `main` that returns it tells what is wrong.
impl fmt::Debug for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What the pipeline is to be like. Reads no environment.
#[must_use = "the pipeline begins with `start`"]
pub struct TelemetryBuilder {
    resource: Resource,
    sampler: Option<Box<dyn Sampler>>,
    most: Option<u16>,
    keep: Option<KeepTraces>,
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
    pub fn sampler(self, sampler: impl Sampler) -> Self {
        self.boxed_sampler(Box::new(sampler))
    }

    pub(super) fn boxed_sampler(mut self, sampler: Box<dyn Sampler>) -> Self {
        self.sampler = Some(sampler);
        self
    }

    /// Records at most so many of the traces that begin here in any second, as
    /// [`RateLimitSample`](crate::RateLimitSample) does: all at once where they come at once, none where it is 0. The limit
    /// is that of the default sampler and of [`Telemetry::set_sample_ratio`]; a sampler of one's own holds its own, and
    /// traces that a caller in another process has recorded are not held back. Default: no limit.
    pub const fn max_traces_per_second(mut self, most: u16) -> Self {
        self.most = Some(most);
        self
    }

    /// Keeps traces for how they end, slow or failed, of those that the sampler does not want. Default: none.
    pub const fn keep(mut self, traces: KeepTraces) -> Self {
        self.keep = Some(traces);
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
        GLOBAL.set_keep(self.keep);
        GLOBAL.set_sampler(self.sampler.unwrap_or_else(|| of_traces_here(AlwaysSample, self.most)));
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
        Ok(Telemetry { resource, run, most: self.most, _process: process })
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
            most: None,
            keep: None,
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
}

/// Says which declarations of instruments clash; the first of each counts.
fn report_conflicts() {
    for conflict in crate::metric::check() {
        say(&conflict);
    }
}
