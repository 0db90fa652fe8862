//! How tokio runtimes fare, as metrics.
//!
//! | metric | labels | what it is |
//! |---|---|---|
//! | `tokio_workers` | `runtime` | worker threads |
//! | `tokio_alive_tasks` | `runtime` | tasks that have been spawned and have not ended |
//! | `tokio_global_queue_depth` | `runtime` | tasks that wait for any worker to take them |
//! | `tokio_worker_busy_seconds_total` | `runtime`, `worker` | time the worker has been busy with tasks |
//! | `tokio_worker_parks_total` | `runtime`, `worker` | times the worker has gone to sleep for want of work |
//!
//! They come from [`tokio::runtime::RuntimeMetrics`], of which these five are stable: no `tokio_unstable` is needed. A
//! [sampler](telemetry_core::metric::register_sampler) named `tokio` reads them once a tick of the drain and before a live
//! scrape; tasks and workers are not touched. The rate of `tokio_worker_busy_seconds_total` is the share of its time that a
//! worker is busy: tokio brings it up to date when the worker goes to sleep, so a task that never yields shows as a worker
//! that stands still, and all at once when it ends. Where a processor has no atomics of 64 bits the last two are missing.
//!
//! # Examples
//! ```
//! use telemetry_core::testing::{Scope, assertions::Assertions};
//! use telemetry_tokio::TokioMetrics;
//!
//! let scope = Scope::new();
//! let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
//! let _shown = TokioMetrics::new().runtime("main", runtime.handle()).register()?; // dropping it takes them out
//! scope.assert_metric_value("tokio_workers", &[("runtime", "main")], 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod families;

use telemetry_core::metric::dynamic::{RegisterError, Registry};
use telemetry_core::metric::{SamplerError, SamplerGuard, register_sampler};
use tokio::runtime::{Handle, RuntimeMetrics};

use crate::families::Families;

/// The runtimes whose [metrics](crate) are to be shown.
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is shown before `register`"]
pub struct TokioMetrics {
    runtimes: Vec<(String, RuntimeMetrics)>,
}

/// Keeps the metrics of runtimes shown; dropping it takes them out.
#[derive(Debug)]
#[must_use = "dropping it takes the metrics out"]
pub struct Shown {
    registry: Registry,
    _sampler: SamplerGuard,
}

/// Why the metrics of runtimes are not shown. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokioMetricsError {
    /// Another instrument has one of the names; these metrics themselves, where they are shown already.
    #[error(transparent)]
    Name(#[from] RegisterError),
    /// There is a sampler `tokio` already.
    #[error(transparent)]
    Sampler(#[from] SamplerError),
}

impl TokioMetrics {
    /// No runtime yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a runtime, under a name for the label `runtime`. Two of one name show as one, the later.
    pub fn runtime(mut self, name: impl Into<String>, handle: &Handle) -> Self {
        self.runtimes.push((name.into(), handle.metrics()));
        self
    }

    /// Shows them, among the metrics that this thread writes to: the process's own, or in a test's scope that of the scope.
    ///
    /// The metrics are described from now on, also where there is no runtime. One that has been shut down keeps the values it
    /// had.
    ///
    /// # Errors
    /// When a name is taken: these are registered once for all runtimes.
    pub fn register(self) -> Result<Shown, TokioMetricsError> {
        let registry = Registry::current();
        let families = Families::register(&registry)?;
        let runtimes = self.runtimes;
        let sample = move || {
            for (name, metrics) in &runtimes {
                families.set(name, metrics);
            }
        };
        sample();
        let sampler = register_sampler("tokio", sample).inspect_err(|_| families::remove(&registry))?;
        Ok(Shown { registry, _sampler: sampler })
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        families::remove(&self.registry);
    }
}
