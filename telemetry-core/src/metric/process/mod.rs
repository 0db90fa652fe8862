//! What the process takes of the machine, under the names that Prometheus's own clients use.
//!
//! | metric | what it is |
//! |---|---|
//! | `process_cpu_seconds_total` | processor time, user and system together |
//! | `process_resident_memory_bytes` | memory that is in RAM |
//! | `process_virtual_memory_bytes` | memory that is mapped |
//! | `process_open_fds`, `process_max_fds` | file descriptors that are open, and how many may be (`+Inf` without a limit) |
//! | `process_threads` | threads |
//! | `process_start_time_seconds` | when the process began, in seconds since the Unix epoch |
//!
//! They are read from `/proc` once a tick of the drain and before a live scrape, by a [sampler](super::register_sampler)
//! named `process`, in a fraction of a millisecond. A service that is started from its settings has them unless `PROCESS_METRICS` says
//! `false`; one that is built in code by [`TelemetryBuilder::process_metrics`](crate::TelemetryBuilder::process_metrics).
//!
//! Processor time is in the kernel's ticks of 10 ms. Where a file cannot be read at some tick, values stay as they are;
//! figures that cannot be read at the start (descriptors, where `/proc/self/fd` is closed to the process) are left out.
//! The child of a fork has its own. On systems other than Linux there are none.

mod reading;

use std::io;

use reading::Reading;

use super::dynamic::{Level, Observed, RegisterError, Registry, Series};
use super::local;
use super::sampler::{SamplerError, SamplerGuard};
use super::store::MetricStore;

/// Whether the figures can be had on this system.
pub(crate) const SUPPORTED: bool = cfg!(target_os = "linux");

/// Keeps the [figures of the process](self) among the metrics; dropping it takes them out.
///
/// # Examples
/// ```
/// use telemetry_core::metric::process::ProcessMetrics;
/// use telemetry_core::testing::Scope;
///
/// # if cfg!(target_os = "linux") {
/// let scope = Scope::new();
/// let process = ProcessMetrics::register()?;
/// assert!(scope.metrics().text().contains("\nprocess_open_fds "));
/// drop(process);
/// assert!(!scope.metrics().text().contains("\nprocess_open_fds "));
/// # }
/// # Ok::<(), telemetry_core::metric::process::ProcessMetricsError>(())
/// ```
#[derive(Debug)]
#[must_use = "dropping it takes the figures out"]
pub struct ProcessMetrics {
    registry: Registry,
    names: Vec<&'static str>,
    _sampler: SamplerGuard,
}

/// Why the figures of the process are not among the metrics. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessMetricsError {
    /// They cannot be read: this is not Linux, or `/proc` is not there.
    #[error("the figures of the process cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// Another instrument has one of the names.
    #[error(transparent)]
    Name(#[from] RegisterError),
    /// There is a sampler `process` already.
    #[error(transparent)]
    Sampler(#[from] SamplerError),
}

impl ProcessMetrics {
    /// Adds them to the metrics that this thread writes to: the process's own, or in a test's scope that of the scope.
    ///
    /// # Errors
    /// When they cannot be read here, or a name is taken.
    pub fn register() -> Result<Self, ProcessMetricsError> {
        Self::register_in(local::store())
    }

    pub(crate) fn register_in(store: &'static MetricStore) -> Result<Self, ProcessMetricsError> {
        let first = Reading::take()?;
        let registry = Registry::of(store);
        let mut instruments = Instruments { registry: &registry, names: Vec::new() };
        let figures = Figures::register(&mut instruments, &first).inspect_err(|_| instruments.remove())?;
        figures.set(&first);
        let sample = move || {
            // Out of descriptors, say: the next tick may read them again.
            if let Ok(reading) = Reading::take() {
                figures.set(&reading);
            }
        };
        let sampler =
            store.add_sampler("process".into(), Box::new(sample)).inspect_err(|_| instruments.remove())?;
        let names = instruments.names;
        Ok(Self { registry, names, _sampler: sampler })
    }
}

impl Drop for ProcessMetrics {
    fn drop(&mut self) {
        for name in &self.names {
            self.registry.remove(name);
        }
    }
}

/// What has been registered so far.
struct Instruments<'a> {
    registry: &'a Registry,
    names: Vec<&'static str>,
}

impl Instruments<'_> {
    fn gauge(&mut self, name: &'static str, help: &str) -> Result<Series<Level>, RegisterError> {
        let gauge = self.registry.gauge(name, help);
        let gauge = gauge.crate_name(env!("CARGO_PKG_NAME")).crate_version(env!("CARGO_PKG_VERSION"));
        let series = gauge.register()?;
        self.names.push(name);
        Ok(series)
    }

    fn observed(&mut self, name: &'static str, help: &str) -> Result<Series<Observed>, RegisterError> {
        let counter = self.registry.observed(name, help);
        let counter = counter.crate_name(env!("CARGO_PKG_NAME")).crate_version(env!("CARGO_PKG_VERSION"));
        let series = counter.register()?;
        self.names.push(name);
        Ok(series)
    }

    fn remove(&self) {
        for name in &self.names {
            self.registry.remove(name);
        }
    }
}

struct Figures {
    cpu: Series<Observed>,
    resident: Series<Level>,
    virtual_memory: Series<Level>,
    threads: Series<Level>,
    start: Series<Level>,
    open_fds: Option<Series<Level>>,
    max_fds: Option<Series<Level>>,
}

impl Figures {
    fn register(to: &mut Instruments<'_>, first: &Reading) -> Result<Self, RegisterError> {
        let mut optional = |value: Option<f64>, name, help| value.map(|_| to.gauge(name, help)).transpose();
        Ok(Self {
            open_fds: optional(first.open_fds, "process_open_fds", "File descriptors that are open.")?,
            max_fds: optional(first.max_fds, "process_max_fds", "File descriptors that may be open.")?,
            cpu: to.observed(
                "process_cpu_seconds_total",
                "Processor time the process has taken, user and system together.",
            )?,
            resident: to.gauge("process_resident_memory_bytes", "Memory of the process that is in RAM.")?,
            virtual_memory: to
                .gauge("process_virtual_memory_bytes", "Memory that the process has mapped.")?,
            threads: to.gauge("process_threads", "Threads of the process.")?,
            start: to.gauge(
                "process_start_time_seconds",
                "When the process began, in seconds since the Unix epoch.",
            )?,
        })
    }

    fn set(&self, reading: &Reading) {
        self.cpu.set_total(reading.cpu_seconds);
        self.resident.set(reading.resident_bytes);
        self.virtual_memory.set(reading.virtual_bytes);
        self.threads.set(reading.threads);
        self.start.set(reading.start_unix_seconds);
        for (gauge, value) in [(&self.open_fds, reading.open_fds), (&self.max_fds, reading.max_fds)] {
            if let (Some(gauge), Some(value)) = (gauge, value) {
                gauge.set(value);
            }
        }
    }
}
