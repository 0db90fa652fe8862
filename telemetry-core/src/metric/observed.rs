//! Counters that follow a total kept elsewhere.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use super::counter::CounterSeries;
use super::local;
use super::sampler::SamplerReport;
use super::store::MetricStore;
use crate::caught::said;
use crate::forking::Keeper;

/// The series follows another total already.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("counter `{name}` follows a total already in this series; dropping its guard ends that")]
#[non_exhaustive]
pub struct AlreadyFollowed {
    /// The counter's name.
    pub name: &'static str,
}

/// Keeps a counter following a total; dropping it ends that, and the counter keeps its value.
#[must_use = "dropping the guard ends the following"]
pub struct Following {
    store: &'static MetricStore,
    source: Arc<Source>,
}

impl fmt::Debug for Following {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Following").finish_non_exhaustive()
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        for observer in &mut *self.store.observers.lock() {
            if observer.source.as_ref().is_some_and(|source| Arc::ptr_eq(source, &self.source)) {
                observer.source = None;
            }
        }
    }
}

/// The followed totals of one store.
#[derive(Debug)]
pub(super) struct Observers {
    list: Mutex<Vec<Observer>>,
}

struct Observer {
    series: CounterSeries,
    /// The last value read, kept when the following ends so that the next one continues from it.
    last: u64,
    source: Option<Arc<Source>>,
}

/// One series and the total it follows.
pub(super) struct Followed {
    series: CounterSeries,
    source: Arc<Source>,
}

impl Followed {
    pub(super) fn name(&self) -> &'static str {
        self.series.name()
    }
}

type Source = Mutex<Box<dyn FnMut() -> u64 + Send>>;

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer")
            .field("series", &self.series)
            .field("last", &self.last)
            .finish_non_exhaustive()
    }
}

impl Observers {
    pub(super) const fn new() -> Self {
        Self { list: Mutex::new(Vec::new()) }
    }

    pub(super) fn add(
        &self,
        series: CounterSeries,
        total: Box<dyn FnMut() -> u64 + Send>,
    ) -> Result<Following, AlreadyFollowed> {
        let source = Arc::new(Mutex::new(total));
        let mut list = self.lock();
        match list.iter_mut().find(|observer| observer.series.is_same(series)) {
            Some(Observer { source: Some(_), .. }) => return Err(AlreadyFollowed { name: series.name() }),
            Some(observer) => observer.source = Some(Arc::clone(&source)),
            None => list.push(Observer { series, last: 0, source: Some(Arc::clone(&source)) }),
        }
        Ok(Following { store: local::store(), source })
    }

    /// The series that follow a total.
    pub(super) fn list(&self) -> Vec<Followed> {
        let list = self.lock();
        let followed = list.iter().filter_map(|observer| {
            Some(Followed { series: observer.series, source: observer.source.clone()? })
        });
        followed.collect()
    }

    /// Reads a total once and adds what it has grown, unless it is being read already. A panic is reported.
    pub(super) fn read(&self, followed: &Followed) -> Option<SamplerReport> {
        let Followed { series, source } = followed;
        // The function is the user's: it runs with nothing locked but itself. It stays locked until its growth is
        // counted, so that no other reading of the same total comes between.
        let mut read = match source.try_lock() {
            Ok(read) => read,
            Err(TryLockError::Poisoned(read)) => read.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        match catch_unwind(AssertUnwindSafe(&mut **read)) {
            Ok(total) => {
                series.add(self.growth(source, total));
                None
            }
            Err(payload) => {
                Some(SamplerReport::Panicked { name: series.name().into(), message: said(payload) })
            }
        }
    }

    /// What a total has grown by since it was last read.
    fn growth(&self, source: &Arc<Source>, total: u64) -> u64 {
        let mut list = self.lock();
        let mut observers = list.iter_mut();
        let followed = observers
            .find(|observer| observer.source.as_ref().is_some_and(|known| Arc::ptr_eq(known, source)));
        // Its guard may have been dropped while it was read.
        let Some(observer) = followed else { return 0 };
        let before = std::mem::replace(&mut observer.last, total);
        // A total that fell has started anew.
        total.checked_sub(before).unwrap_or(total)
    }

    pub(super) fn hold(&'static self, keeper: &mut Keeper) {
        keeper.hold(&self.list);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Observer>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
