//! The instruments of the process: who they are, where their cells lie, and whether their gates are open.
//!
//! Every instrument is known twice over: through a distributed slice the linker puts together, so that it shows before
//! its first use, and by registering itself at its first use, in case the linker left its entry out.

use std::borrow::Cow;
use std::collections::HashMap;
use std::panic::Location;
use std::sync::{LazyLock, Mutex, PoisonError};

use linkme::distributed_slice;

use super::calls;
use super::cells::Layout;
use super::instrument::{Core, Descriptor, MAX_CELLS, MIXED, OFF, OPEN, UNREGISTERED};
use super::local::quietly;
use super::snapshot::MetricKind;
use super::store::GLOBAL;
use crate::forking::Keeper;

/// The instruments `metric!` declared, put together by the linker.
#[doc(hidden)]
#[distributed_slice]
pub static DECLARED: [&'static Core];

/// Two instruments that cannot stand in one exposition. The first one counts; updates of the second do nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "metric `{second}` declared at {second_place} would expose `{exposed}`, which metric `{first}` declared at {first_place} exposes already; rename one of them"
)]
#[non_exhaustive]
pub struct RegistryConflict {
    /// The name in the exposition both want.
    pub exposed: String,
    /// The instrument that counts.
    pub first: Cow<'static, str>,
    /// Where it was declared.
    pub first_place: &'static Location<'static>,
    /// The instrument that was refused.
    pub second: &'static str,
    /// Where it was declared.
    pub second_place: &'static Location<'static>,
}

/// Registers every linked instrument and gives back the conflicts found so far.
///
/// Called at the start of a pipeline; a conflict is never a panic.
///
/// ```
/// assert_eq!(telemetry_core::metric::check(), []);
/// ```
pub fn check() -> Vec<RegistryConflict> {
    register_declared();
    locked(|registry| registry.conflicts.clone())
}

/// An instrument that holds a name in the exposition.
pub(super) struct Holder {
    pub(super) exposed: String,
    pub(super) name: Cow<'static, str>,
    pub(super) place: &'static Location<'static>,
}

/// The names that declared instruments expose.
pub(super) struct Exposed<'a>(&'a HashMap<String, &'static Core>);

impl Exposed<'_> {
    /// The instrument that exposes one of these names.
    pub(super) fn holder(&self, names: &[String]) -> Option<Holder> {
        let (exposed, core) = names.iter().find_map(|name| self.0.get_key_value(name))?;
        let Descriptor { name, place, .. } = core.descriptor;
        Some(Holder { exposed: exposed.clone(), name: name.into(), place })
    }
}

/// Gives access to the names of every instrument that is declared; none is added meanwhile.
pub(super) fn with_exposed<R>(work: impl FnOnce(Exposed<'_>) -> R) -> R {
    register_declared();
    locked(|registry| work(Exposed(&registry.exposed)))
}

/// An instrument that was accepted, with the index of its first cell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) core: &'static Core,
    pub(super) base: usize,
}

#[derive(Debug, Default)]
struct Registry {
    /// Whether the linker's list has been gone through.
    is_declared: bool,
    entries: Vec<Entry>,
    exposed: HashMap<String, &'static Core>,
    conflicts: Vec<RegistryConflict>,
    /// Cells of counters and histograms, the same in every store.
    cells: Layout,
    /// Cells of gauges, the same in every store.
    gauges: usize,
    stores: Stores,
}

/// How many live stores want updates and how many do not.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stores {
    pub(super) enabled: usize,
    pub(super) disabled: usize,
}

static REGISTRY: LazyLock<Mutex<Registry>> = LazyLock::new(|| {
    // The process's own store starts disabled.
    Mutex::new(Registry { stores: Stores { enabled: 0, disabled: 1 }, ..Registry::default() })
});

/// Has the lock held while the process forks.
pub(super) fn hold(keeper: &mut Keeper) {
    keeper.hold(&REGISTRY);
}

/// The accepted instruments, in order of registration, the linked ones included.
pub(super) fn entries() -> Vec<Entry> {
    register_declared();
    locked(|registry| registry.entries.clone())
}

/// Makes the next updates of every counter and histogram look for exemplars.
pub(super) fn arm() {
    locked(|registry| registry.entries.iter().for_each(|entry| entry.core.arm()));
}

/// Registers an instrument at its first use, and gives back where its cells begin, or nothing when its gate is off.
pub(super) fn base_of(core: &'static Core) -> Option<usize> {
    if core.gate() == UNREGISTERED {
        locked(|registry| registry.register(core));
    }
    match core.plain_gate() {
        UNREGISTERED => None,
        word => Some((word & !MIXED) as usize),
    }
}

/// Gives access to what the fixed cells hold.
pub(super) fn with_layout<R>(read: impl FnOnce(&Layout) -> R) -> R {
    locked(|registry| read(&registry.cells))
}

/// The cells of the gauges of every linked instrument.
pub(super) fn gauge_cells() -> usize {
    register_declared();
    locked(|registry| registry.gauges)
}

/// Changes the count of stores and moves every gate accordingly.
pub(super) fn update_stores(change: impl FnOnce(&mut Stores)) {
    locked(|registry| {
        change(&mut registry.stores);
        for entry in &registry.entries {
            entry.core.set_gate(registry.stores.gate(entry.base));
        }
    });
}

impl Stores {
    fn gate(self, base: usize) -> u32 {
        // `register` keeps every base below MAX_CELLS, so it fits and carries no flag.
        match (self.enabled, self.disabled) {
            (0, _) => OFF,
            (_, 0) => base as u32,
            _ => base as u32 | MIXED,
        }
    }
}

impl Registry {
    fn register(&mut self, core: &'static Core) {
        if core.gate() != UNREGISTERED {
            return;
        }
        let names = core.descriptor.exposed_names();
        let made_at_run_time = || GLOBAL.dynamic.holder(&names);
        if let Some(first) = Exposed(&self.exposed).holder(&names).or_else(made_at_run_time) {
            self.conflicts.push(RegistryConflict {
                exposed: first.exposed,
                first: first.name,
                first_place: first.place,
                second: core.descriptor.name,
                second_place: core.descriptor.place,
            });
            core.set_gate(OFF);
            return;
        }
        self.exposed.extend(names.into_iter().map(|name| (name, core)));
        let base = self.take_cells(core);
        self.entries.push(Entry { core, base });
        core.set_gate(self.stores.gate(base));
    }

    fn take_cells(&mut self, core: &'static Core) -> usize {
        let Some(series) = core.descriptor.dense else { return OPEN as usize };
        let base = match core.descriptor.kind {
            MetricKind::Gauge => {
                self.gauges += series * core.stride();
                self.gauges - series * core.stride()
            }
            kind => self.cells.take(series, core.stride(), kind == MetricKind::Histogram),
        };
        // A limit of series on each instrument keeps the sum far below; the assertion documents what gates rely on.
        debug_assert!(self.cells.len().max(self.gauges) < MAX_CELLS, "too many cells for the gate word");
        base
    }
}

/// Registers what the linker has put together, the first time.
fn register_declared() {
    locked(|registry| {
        if registry.is_declared {
            return;
        }
        let mut declared: Vec<_> = DECLARED.into_iter().copied().collect();
        // The linker's order is nobody's choice; of two that clash the same one is to win in every build.
        declared.sort_by_key(|core| {
            let place = core.descriptor.place;
            (core.descriptor.name, place.file(), place.line(), place.column())
        });
        // The framework's own come last: a user's metric keeps its name.
        declared.extend(calls::declared());
        for core in declared {
            registry.register(core);
        }
        registry.is_declared = true;
    });
}

/// Runs `work` on the registry. Updates this thread makes meanwhile, in an allocator that counts, do not come here.
fn locked<R>(work: impl FnOnce(&mut Registry) -> R) -> R {
    quietly(|| work(&mut REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)))
}
