//! Samplers: functions of the user's that run once a tick, before the instruments are read.

use std::borrow::Cow;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use super::local;
use super::round::Rounds;
use super::store::MetricStore;
use crate::caught::said;
use crate::forking::Keeper;

/// Registers a function that runs once a drain tick, and before a live scrape, to bring gauges up to date.
///
/// It belongs to the store this thread writes to (the process's own, or a test's). There is one of each name. A panic
/// in it is counted, reported with its name, and harms nothing else; its time is exported as
/// `telemetry_sampler_duration_seconds`. Dropping the guard removes it; a run that has begun is not waited for.
///
/// Samplers run one after another on a thread of their own, in a test's scope on the thread that reads the metrics. A
/// tick and a live scrape wait for each at most a tenth of the interval (50 ms at least, 1 s at most), for all together
/// twice that, and go on with the values there are; so does whoever reads the metrics while samplers run, a sampler
/// too. One that takes over a tenth of the interval is reported. One that does not return is reported, keeps the
/// thread it has, and is not run again before it returns; the others go on, with up to 16 such threads.
///
/// # Errors
/// When the name is taken.
///
/// # Examples
/// ```
/// let guard = telemetry_core::metric::register_sampler("pool", || { /* POOL_SIZE.set(…) */ })?;
/// assert!(telemetry_core::metric::register_sampler("pool", || {}).is_err());
/// drop(guard);
/// assert!(telemetry_core::metric::register_sampler("pool", || {}).is_ok());
/// # Ok::<(), telemetry_core::metric::SamplerError>(())
/// ```
pub fn register_sampler(
    name: impl Into<Cow<'static, str>>,
    run: impl FnMut() + Send + 'static,
) -> Result<SamplerGuard, SamplerError> {
    local::store().add_sampler(name.into(), Box::new(run))
}

/// Why a sampler was not registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SamplerError {
    /// There is one of that name.
    #[error(
        "a sampler named `{name}` is registered already; names are unique, and dropping its guard frees the name"
    )]
    Taken {
        /// The name.
        name: Cow<'static, str>,
    },
}

/// Keeps a sampler registered; dropping it removes the sampler.
#[must_use = "dropping the guard removes the sampler"]
pub struct SamplerGuard {
    store: &'static MetricStore,
    sampler: Arc<Sampler>,
}

impl fmt::Debug for SamplerGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SamplerGuard").field("name", &self.sampler.name).finish_non_exhaustive()
    }
}

impl Drop for SamplerGuard {
    fn drop(&mut self) {
        self.store.samplers.lock().retain(|sampler| !Arc::ptr_eq(sampler, &self.sampler));
    }
}

/// Something a sampler or a followed total did that its owner should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SamplerReport {
    /// It panicked; it will run again at the next tick.
    Panicked { name: Cow<'static, str>, message: String },
    /// It has not returned, and nobody waits for it any more.
    Stuck { name: Cow<'static, str>, waited: Duration },
    /// There was no thread to run samplers on.
    NotRun { message: String },
    /// It took more than a tenth of the interval.
    Slow { name: Cow<'static, str>, took: Duration, interval: Duration },
}

impl SamplerReport {
    /// What is reported at a limited rate: the same trouble of the same sampler, whatever its figures.
    pub(crate) fn kind(&self) -> String {
        match self {
            Self::Panicked { name, .. } => format!("sampler {name}: panic"),
            Self::Stuck { name, .. } => format!("sampler {name}: stuck"),
            Self::NotRun { .. } => "samplers: no thread".to_owned(),
            Self::Slow { name, .. } => format!("sampler {name}: slow"),
        }
    }
}

impl fmt::Display for SamplerReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked { name, message } => write!(f, "sampler `{name}` panicked: {message}"),
            Self::Stuck { name, waited } => {
                write!(f, "sampler `{name}` has not returned for {waited:?}; the others go on without it")
            }
            Self::NotRun { message } => write!(f, "the samplers could not be run: no thread: {message}"),
            Self::Slow { name, took, interval } => {
                write!(
                    f,
                    "sampler `{name}` took {took:?}, more than a tenth of the drain interval of {interval:?}"
                )
            }
        }
    }
}

/// The samplers of one store.
#[derive(Debug)]
pub(super) struct Samplers {
    list: Mutex<Vec<Arc<Sampler>>>,
    pub(super) rounds: Rounds,
}

pub(super) struct Sampler {
    pub(super) name: Cow<'static, str>,
    run: Mutex<Box<dyn FnMut() + Send>>,
    panics: AtomicU64,
    last_nanos: AtomicU64,
}

impl fmt::Debug for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sampler").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Samplers {
    pub(super) const fn new() -> Self {
        Self { list: Mutex::new(Vec::new()), rounds: Rounds::new() }
    }

    pub(super) fn list(&self) -> Vec<Arc<Sampler>> {
        self.lock().clone()
    }

    pub(super) fn hold(&'static self, keeper: &mut Keeper) {
        keeper.hold(&self.list);
        self.rounds.hold(keeper);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Sampler>>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sampler {
    /// How often it panicked.
    pub(super) fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    /// How long its last run took.
    pub(super) fn last(&self) -> Duration {
        Duration::from_nanos(self.last_nanos.load(Ordering::Relaxed))
    }

    /// Runs it, unless it is running already.
    pub(super) fn run(&self, interval: Duration) -> Vec<SamplerReport> {
        let mut reports = Vec::new();
        // A sampler may add and remove samplers: the list is not locked here, only this one's own function.
        let mut run = match self.run.try_lock() {
            Ok(run) => run,
            Err(TryLockError::Poisoned(run)) => run.into_inner(),
            Err(TryLockError::WouldBlock) => return reports,
        };
        let started = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(&mut **run));
        drop(run);
        let took = started.elapsed();
        self.last_nanos.store(took.as_nanos() as u64, Ordering::Relaxed);
        if let Err(payload) = result {
            self.panics.fetch_add(1, Ordering::Relaxed);
            reports.push(SamplerReport::Panicked { name: self.name.clone(), message: said(payload) });
        }
        if took > interval / 10 {
            reports.push(SamplerReport::Slow { name: self.name.clone(), took, interval });
        }
        reports
    }
}

impl MetricStore {
    pub(super) fn add_sampler(
        &'static self,
        name: Cow<'static, str>,
        run: Box<dyn FnMut() + Send>,
    ) -> Result<SamplerGuard, SamplerError> {
        let mut list = self.samplers.lock();
        if list.iter().any(|sampler| sampler.name == name) {
            return Err(SamplerError::Taken { name });
        }
        let sampler = Arc::new(Sampler {
            name,
            run: Mutex::new(run),
            panics: AtomicU64::new(0),
            last_nanos: AtomicU64::new(0),
        });
        list.push(Arc::clone(&sampler));
        Ok(SamplerGuard { store: self, sampler })
    }
}
