//! The instruments, and how they are read from a runtime.

use telemetry_core::metric::dynamic::{
    Builder, Family, Level, Observed, RegisterError, Registry, Value, WrongLabels,
};
use tokio::runtime::RuntimeMetrics;

const WORKERS: &str = "tokio_workers";
const ALIVE_TASKS: &str = "tokio_alive_tasks";
const GLOBAL_QUEUE_DEPTH: &str = "tokio_global_queue_depth";
const BUSY_SECONDS: &str = "tokio_worker_busy_seconds_total";
const PARKS: &str = "tokio_worker_parks_total";

pub(crate) struct Families {
    workers: Family<Level>,
    alive_tasks: Family<Level>,
    global_queue_depth: Family<Level>,
    of_workers: Option<OfWorkers>,
}

/// What there is of each worker, where the processor can count it.
struct OfWorkers {
    busy: Family<Observed>,
    parks: Family<Observed>,
}

/// Takes the instruments out.
pub(crate) fn remove(registry: &Registry) {
    for name in [WORKERS, ALIVE_TASKS, GLOBAL_QUEUE_DEPTH, BUSY_SECONDS, PARKS] {
        registry.remove(name);
    }
}

impl Families {
    /// Registers all of them, or none.
    pub(crate) fn register(registry: &Registry) -> Result<Self, RegisterError> {
        // A name that is taken is another's: what is taken back is what was added before it.
        let mut added = Vec::new();
        let families = Self::add(registry, &mut added);
        if families.is_err() {
            for name in added {
                registry.remove(name);
            }
        }
        families
    }

    fn add(registry: &Registry, added: &mut Vec<&'static str>) -> Result<Self, RegisterError> {
        let mut gauge = |name, help: &str| {
            let family = family(registry.gauge(name, help), &["runtime"])?;
            added.push(name);
            Ok(family)
        };
        let workers = gauge(WORKERS, "Worker threads of the runtime.")?;
        let alive_tasks = gauge(ALIVE_TASKS, "Tasks that have been spawned and have not ended.")?;
        let global_queue_depth = gauge(GLOBAL_QUEUE_DEPTH, "Tasks that wait for any worker to take them.")?;
        let mut of_worker = |name, help: &str| {
            let family = family(registry.observed(name, help), &["runtime", "worker"])?;
            added.push(name);
            Ok(family)
        };
        let of_workers = if cfg!(target_has_atomic = "64") {
            Some(OfWorkers {
                busy: of_worker(BUSY_SECONDS, "Time the worker has been busy with tasks.")?,
                parks: of_worker(PARKS, "Times the worker has gone to sleep for want of work.")?,
            })
        } else {
            None
        };
        Ok(Self { workers, alive_tasks, global_queue_depth, of_workers })
    }

    /// Brings the series of a runtime up to date.
    pub(crate) fn set(&self, runtime: &str, metrics: &RuntimeMetrics) {
        let gauges = [
            (&self.workers, metrics.num_workers()),
            (&self.alive_tasks, metrics.num_alive_tasks()),
            (&self.global_queue_depth, metrics.global_queue_depth()),
        ];
        for (family, value) in gauges {
            labelled(family.series(&[runtime])).set(value as f64);
        }
        if let Some(of_workers) = &self.of_workers {
            of_workers.set(runtime, metrics);
        }
    }
}

impl OfWorkers {
    #[cfg(target_has_atomic = "64")]
    fn set(&self, runtime: &str, metrics: &RuntimeMetrics) {
        for worker in 0..metrics.num_workers() {
            let labels = [runtime, &worker.to_string()];
            let busy = metrics.worker_total_busy_duration(worker);
            labelled(self.busy.series(&labels)).set_total(busy.as_secs_f64());
            labelled(self.parks.series(&labels)).set_total(metrics.worker_park_count(worker) as f64);
        }
    }

    #[cfg(not(target_has_atomic = "64"))]
    fn set(&self, _: &str, _: &RuntimeMetrics) {}
}

fn family<V: Value>(builder: Builder<V>, labels: &[&str]) -> Result<Family<V>, RegisterError> {
    builder
        .crate_name(env!("CARGO_PKG_NAME"))
        .crate_version(env!("CARGO_PKG_VERSION"))
        .labels(labels.iter().copied())
        .register()
}

/// A series, whose labels are those it was registered with.
fn labelled<S>(series: Result<S, WrongLabels>) -> S {
    series.unwrap_or_else(|error| unreachable!("{error}"))
}
