//! The instruments of one registry.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::family::{Family, Inner};
use super::value::Value;
use crate::forking::Keeper;
use crate::metric::collect::SeriesOverflow;
use crate::metric::manifest::Instrument;
use crate::metric::registry::Holder;
use crate::metric::snapshot::MetricFamily;

/// Instruments by name, and the names they expose. Locked while one is made or removed, and while all are read.
pub(in crate::metric) struct Table {
    state: Mutex<Option<State>>,
}

#[derive(Default)]
struct State {
    families: BTreeMap<String, Arc<dyn Collect>>,
    /// Every name in the exposition, with the instrument that has it.
    exposed: HashMap<String, String>,
}

/// An instrument, whatever it holds.
pub(super) trait Collect: Send + Sync {
    fn collect(&self) -> MetricFamily;
    fn begin_anew(&self);
    fn overflowed(&self) -> u64;
    fn take_overflow_warning(&self) -> Option<SeriesOverflow>;
    fn place(&self) -> &'static Location<'static>;
    fn instrument(&self) -> Instrument;
}

impl Table {
    pub(in crate::metric) const fn new() -> Self {
        Self { state: Mutex::new(None) }
    }

    /// Adds an instrument, unless a name is held already.
    pub(super) fn add<V: Value>(&self, family: &Family<V>, names: Vec<String>) -> Result<(), Holder> {
        let mut state = self.lock();
        let state = state.get_or_insert_default();
        if let Some(holder) = names.iter().find_map(|name| state.holder(name)) {
            return Err(holder);
        }
        let name = family.name().to_owned();
        state.exposed.extend(names.into_iter().map(|exposed| (exposed, name.clone())));
        let inner: Arc<Inner<V>> = family.inner();
        state.families.insert(name, inner);
        Ok(())
    }

    pub(super) fn remove(&self, name: &str) -> bool {
        let mut state = self.lock();
        let Some(state) = state.as_mut() else { return false };
        state.exposed.retain(|_, holder| holder != name);
        state.families.remove(name).is_some()
    }

    pub(in crate::metric) fn hold(&'static self, keeper: &mut Keeper) {
        keeper.hold(&self.state);
    }

    /// Counters and histograms begin at zero, in the child of a fork.
    pub(in crate::metric) fn begin_anew(&self) {
        self.families().iter().for_each(|family| family.begin_anew());
    }

    /// The instrument that exposes one of these names.
    pub(in crate::metric) fn holder(&self, names: &[String]) -> Option<Holder> {
        let state = self.lock();
        let state = state.as_ref()?;
        names.iter().find_map(|name| state.holder(name))
    }

    /// Every instrument's values, in the order of the names.
    pub(in crate::metric) fn collect(&self, out: &mut Vec<MetricFamily>) {
        out.extend(self.families().iter().map(|family| family.collect()));
    }

    /// How many label sets were looked up beyond the limit, by instrument.
    pub(in crate::metric) fn overflows(&self) -> Vec<(String, u64)> {
        let state = self.lock();
        let families = state.iter().flat_map(|state| &state.families);
        let overflows = families.map(|(name, family)| (name.clone(), family.overflowed()));
        overflows.filter(|(_, count)| *count > 0).collect()
    }

    /// The instruments that have reached their limit since the last call.
    pub(in crate::metric) fn take_overflow_warnings(&self) -> Vec<SeriesOverflow> {
        self.families().iter().filter_map(|family| family.take_overflow_warning()).collect()
    }

    /// What was said of every instrument, in the order of the names.
    pub(in crate::metric) fn instruments(&self) -> Vec<Instrument> {
        self.families().iter().map(|family| family.instrument()).collect()
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.lock().iter().flat_map(|state| state.families.keys().cloned()).collect()
    }

    fn families(&self) -> Vec<Arc<dyn Collect>> {
        self.lock().iter().flat_map(|state| state.families.values().cloned()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Option<State>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn holder(&self, exposed: &str) -> Option<Holder> {
        let name = self.exposed.get(exposed)?;
        let place = self.families.get(name)?.place();
        Some(Holder { exposed: exposed.to_owned(), name: name.clone().into(), place })
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}
