//! Instruments made at run time, whose series can be removed.
//!
//! [`metric!`](crate::metric!) is for what is known when the program is written: it is checked by the compiler, shows
//! before its first use and costs least. A [`Registry`] makes instruments whose names or labels are known only later,
//! under the same rules, which are typed errors here ([`RegisterError`]); and its series can be [removed](Family::remove)
//! when what they stand for is gone.
//!
//! | | `metric!` | a registry |
//! |---|---|---|
//! | rules | compile errors | [`RegisterError`] |
//! | number and names of labels | the compiler's to check | [`WrongLabels`] |
//! | an update | a plain store into a cell of the thread's own | an atomic addition, shared by all threads |
//! | a series | stays | can be removed; its memory goes with the last handle |
//!
//! A registry is one of two kinds. [`Registry::current`] is the one of the process, or in a test's
//! [`Scope`](crate::testing::Scope) that of the scope: its instruments show beside those of `metric!`, clash with their
//! names, and do nothing while telemetry is disabled. [`Registry::new`] makes one that stands alone, with names of its
//! own, whose instruments always count; [`Registry::snapshot`] reads it.
//!
//! # Examples
//! ```
//! use telemetry_core::metric::dynamic::Registry;
//!
//! let registry = Registry::new();
//! let jobs = registry.counter("jobs_total", "Jobs done, by queue.").labels(["queue"]).register()?;
//! let mail = jobs.series(&["mail"])?;
//! mail.inc();
//! assert_eq!(
//!     registry.snapshot().text(),
//!     "# HELP jobs_total Jobs done, by queue.\n# TYPE jobs_total counter\njobs_total{queue=\"mail\"} 1\n",
//! );
//!
//! assert!(jobs.remove(&["mail"])?);
//! mail.inc(); // goes nowhere that anybody sees
//! assert!(!registry.snapshot().text().contains("mail"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builder;
mod error;
mod family;
mod rules;
mod table;
#[cfg(test)]
mod tests;
mod value;

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

pub use builder::{Builder, LabelledBuilder};
pub use error::{RegisterError, WrongLabels};
pub use family::{Family, Series};
pub(super) use table::Table;
pub use value::{Level, Observed, Spread, Total, Value};

use super::local;
use super::snapshot::MetricsSnapshot;
use super::store::MetricStore;

/// Makes instruments at run time; a handle that can be cloned and used from any thread.
#[derive(Clone)]
pub struct Registry {
    home: Home,
}

/// Where the instruments of a registry are kept.
#[derive(Clone)]
enum Home {
    Store(&'static MetricStore),
    Alone(Arc<Alone>),
}

struct Alone {
    table: Table,
    start_unix_nanos: u64,
}

impl Registry {
    /// The registry whose instruments show beside those of `metric!`: the process's, in a test's scope that of the
    /// scope.
    pub fn current() -> Self {
        Self::of(local::store())
    }

    pub(in crate::metric) const fn of(store: &'static MetricStore) -> Self {
        Self { home: Home::Store(store) }
    }

    /// A registry that stands alone.
    ///
    /// To have it scraped, give `PrometheusSink::new().with_live(…)` a function that reads it.
    pub fn new() -> Self {
        let alone = Alone { table: Table::new(), start_unix_nanos: unix_nanos() };
        Self { home: Home::Alone(Arc::new(alone)) }
    }

    /// A counter, a total (`u64`) that only grows, to be given labels and registered.
    ///
    /// Its name ends in `_total`; `help` says what it counts.
    #[track_caller]
    pub fn counter(&self, name: impl Into<String>, help: impl Into<String>) -> Builder<Total> {
        Builder::new(self, name.into(), help.into())
    }

    /// A counter that observes a total (`f64`) kept elsewhere, to be given labels and registered: whoever reads that total,
    /// a [sampler](super::register_sampler) once a tick for instance, says what it is by
    /// [`set_total`](Series::set_total).
    ///
    /// Its name ends in `_total`. Where the total is a whole number,
    /// [`CounterSeries::follow`](super::CounterSeries::follow) does it for a counter of `metric!`.
    #[track_caller]
    pub fn observed(&self, name: impl Into<String>, help: impl Into<String>) -> Builder<Observed> {
        Builder::new(self, name.into(), help.into())
    }

    /// A gauge, a value (`f64`) that goes up and down, to be given labels and registered.
    #[track_caller]
    pub fn gauge(&self, name: impl Into<String>, help: impl Into<String>) -> Builder<Level> {
        Builder::new(self, name.into(), help.into())
    }

    /// A histogram, observations (`f64`) counted in buckets, to be given labels and registered. Without
    /// [`buckets`](Builder::buckets) it has those for request durations in seconds,
    /// [`DEFAULT_BUCKETS`](super::DEFAULT_BUCKETS).
    #[track_caller]
    pub fn histogram(&self, name: impl Into<String>, help: impl Into<String>) -> Builder<Spread> {
        Builder::new(self, name.into(), help.into())
    }

    /// Takes an instrument out, with all its series; its name is free again. False when there is none of that name.
    ///
    /// Handles that are kept count into nothing visible.
    pub fn remove(&self, name: &str) -> bool {
        self.table().remove(name)
    }

    /// The values of the instruments made here, sorted by name. Of the registry of the process these are among
    /// [`Telemetry::metrics`](crate::Telemetry::metrics), too.
    pub fn snapshot(&self) -> MetricsSnapshot {
        let mut families = Vec::new();
        self.table().collect(&mut families);
        let start_unix_nanos = match &self.home {
            Home::Store(_) => 0,
            Home::Alone(alone) => alone.start_unix_nanos,
        };
        let time_unix_nanos = unix_nanos();
        MetricsSnapshot { time_unix_nanos, start_unix_nanos, families, ..MetricsSnapshot::default() }
    }

    fn table(&self) -> &Table {
        match &self.home {
            Home::Store(store) => &store.dynamic,
            Home::Alone(alone) => &alone.table,
        }
    }

    /// The store that says whether updates count; none where they always do.
    const fn store(&self) -> Option<&'static MetricStore> {
        match &self.home {
            Home::Store(store) => Some(store),
            Home::Alone(_) => None,
        }
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("names", &self.table().names()).finish_non_exhaustive()
    }
}

fn unix_nanos() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
