//! Call sites: everything about a span that is known when the program is compiled, and the gate that says whether
//! it is wanted.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::filter::{Filter, Level};
use crate::record::{Attribute, Origin, SpanKind};
use crate::sample::Sampler;

/// What a call site is made of.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    /// The span's name.
    pub name: &'static str,
    /// The span's kind.
    pub kind: SpanKind,
    /// The keys of its dynamic attributes, which spans refer to by number; the first 240 can be used.
    pub keys: &'static [&'static str],
    /// Its constant attributes: they cost nothing at run time.
    pub constants: &'static [(&'static str, Constant)],
    /// Where it is.
    pub origin: &'static Origin,
    /// The line there.
    pub line: u32,
}

/// The value of a constant attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Constant {
    /// True or false.
    Bool(bool),
    /// A signed integer.
    I64(i64),
    /// An unsigned integer.
    U64(u64),
    /// A floating-point number.
    F64(f64),
    /// Text.
    Str(&'static str),
}

/// A place in the code that opens spans.
pub struct CallSite {
    /// The site's number above sixteen bits, which are zero when spans are plainly wanted. Written under the lock of
    /// [`gates`]; read by every span.
    gate: AtomicU32,
    pub(crate) site: Site,
    pub(crate) level: Level,
    /// Asked instead of the pipeline's.
    pub(crate) sampler: Option<&'static dyn Sampler>,
    /// What the drain does to the attributes of the site's spans.
    on_export: Option<fn(&mut Vec<Attribute>)>,
}

impl CallSite {
    /// A call site of the level [`Level::Info`]; make it a `static`.
    pub const fn new(site: Site) -> Self {
        Self {
            gate: AtomicU32::new(gates::UNREGISTERED),
            site,
            level: Level::Info,
            sampler: None,
            on_export: None,
        }
    }

    /// Gives its spans another level, which a [`Filter`](crate::Filter) goes by.
    #[must_use = "a call site is made once, as a `static`"]
    pub const fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// Lets a sampler of its own decide on the traces that begin here, instead of the pipeline's; it sees a parent in
    /// another process and may overrule it. Where a span is not the first of its trace in this process, the decision
    /// has been made already.
    #[must_use = "a call site is made once, as a `static`"]
    pub const fn sampler(mut self, sampler: &'static dyn Sampler) -> Self {
        self.sampler = Some(sampler);
        self
    }

    /// Gives the attributes of its spans a last touch when they are exported, such as other names: on the drain's
    /// thread, so that recording costs the same. A panic in it is the drain's, so it must not.
    #[must_use = "a call site is made once, as a `static`"]
    pub const fn on_export(mut self, change: fn(&mut Vec<Attribute>)) -> Self {
        self.on_export = Some(change);
        self
    }

    /// The last touch.
    pub(crate) fn finish(&self, attributes: &mut Vec<Attribute>) {
        if let Some(change) = self.on_export {
            change(attributes);
        }
    }

    /// Whether a filter lets its spans record.
    pub(crate) fn passes(&self, filter: &Filter) -> bool {
        filter.allows(self.site.origin.module, self.site.name, self.level)
    }

    /// The word that says at one look whether spans are wanted here.
    #[inline(always)]
    pub(crate) fn gate(&self) -> u32 {
        if cfg!(feature = "off") {
            return gates::OFF;
        }
        self.gate.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for CallSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallSite")
            .field("site", &self.site)
            .field("level", &self.level)
            .finish_non_exhaustive()
    }
}

/// The gates of all call sites: opened and shut together.
pub(crate) mod gates {
    use std::sync::atomic::Ordering;
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use super::CallSite;
    use crate::context::flag;
    use crate::filter::Filter;

    /// The site has not been passed yet.
    pub(crate) const UNREGISTERED: u32 = 1;
    /// Spans are wanted by some pipelines: ask the thread's own.
    const MIXED: u32 = 1 << 1;
    /// Spans are not wanted anywhere.
    pub(super) const OFF: u32 = 1 << 2;
    /// … because the filter says so.
    const FILTERED: u32 = 1 << 3;
    /// The bits below a site's number: the marks above in a gate, the flags of the trace in a slot.
    const MARKS: u32 = (1 << flag::WIDTH) - 1;
    /// Call sites a program can have; spans of further ones are off.
    const MAX_SITES: usize = (u32::MAX >> flag::WIDTH) as usize;

    /// True when `gate` says by itself that spans are wanted.
    #[inline(always)]
    pub(crate) const fn is_plain(gate: u32) -> bool {
        gate & MARKS == 0
    }

    /// True when `gate` says by itself that spans are not wanted.
    #[inline(always)]
    pub(crate) const fn is_off(gate: u32) -> bool {
        gate & OFF != 0
    }

    /// True when `gate` says by itself that the filter keeps spans out.
    #[inline(always)]
    pub(crate) const fn is_filtered(gate: u32) -> bool {
        gate & FILTERED != 0
    }

    /// The gate without its marks: the site's number, shifted, ready to be joined with the flags of a trace.
    #[inline(always)]
    pub(crate) const fn number_bits(gate: u32) -> u32 {
        gate & !MARKS
    }

    struct Gates {
        sites: Vec<&'static CallSite>,
        global: bool,
        scopes: usize,
        /// The filter of the process.
        filter: Filter,
        /// Told of every site, under the lock.
        witness: Option<Witness>,
    }

    /// Learns the number of a call site.
    pub(crate) type Witness = fn(u32, &'static CallSite);

    static GATES: Mutex<Gates> = Mutex::new(Gates {
        sites: Vec::new(),
        global: false,
        scopes: 0,
        filter: Filter::EVERYTHING,
        witness: None,
    });

    fn lock() -> MutexGuard<'static, Gates> {
        GATES.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the lock held while the process forks.
    pub(crate) fn hold(keeper: &mut crate::forking::Keeper) {
        keeper.hold(&GATES);
    }

    impl Gates {
        fn mark(&self, site: &CallSite) -> u32 {
            match (self.global, self.scopes) {
                (true, 0) if site.passes(&self.filter) => 0,
                (true, 0) => OFF | FILTERED,
                (false, 0) => OFF,
                _ => MIXED,
            }
        }

        fn update(&self) {
            for (index, site) in self.sites.iter().enumerate() {
                site.gate.store(word(index, self.mark(site)), Ordering::Relaxed);
            }
        }
    }

    const fn word(index: usize, mark: u32) -> u32 {
        (index as u32 + 1) << flag::WIDTH | mark
    }

    /// Gives a site its number at its first use and returns its gate.
    #[cold]
    pub(crate) fn register(site: &'static CallSite) -> u32 {
        let mut gates = lock();
        let known = site.gate.load(Ordering::Relaxed);
        if known != UNREGISTERED {
            return known;
        }
        if gates.sites.len() == MAX_SITES {
            return OFF;
        }
        let gate = word(gates.sites.len(), gates.mark(site));
        gates.sites.push(site);
        if let Some(witness) = gates.witness {
            witness(gates.sites.len() as u32, site);
        }
        site.gate.store(gate, Ordering::Relaxed);
        gate
    }

    /// Tells `witness` of every site there is, and of each one that comes from here on before it is used.
    #[cfg(target_os = "linux")]
    pub(crate) fn watch(witness: Witness) {
        let mut gates = lock();
        for (number, site) in (1..).zip(&gates.sites) {
            witness(number, site);
        }
        gates.witness = Some(witness);
    }

    /// Opens or shuts the gates for the process.
    pub(crate) fn set_global(on: bool) {
        let mut gates = lock();
        gates.global = on;
        gates.update();
    }

    /// Puts another filter in for the process.
    pub(crate) fn set_filter(filter: Filter) {
        let mut gates = lock();
        gates.filter = filter;
        gates.update();
    }

    /// Counts one isolated scope more or less.
    pub(crate) fn count_scope(entered: bool) {
        let mut gates = lock();
        gates.scopes = if entered { gates.scopes + 1 } else { gates.scopes.saturating_sub(1) };
        gates.update();
    }

    /// The site that stands in the `site` word of a slot.
    pub(crate) fn site_of(word: u32) -> Option<&'static CallSite> {
        let index = (word >> flag::WIDTH).checked_sub(1)? as usize;
        lock().sites.get(index).copied()
    }

    /// Looks sites up by number.
    pub(crate) struct Directory(Vec<&'static CallSite>);

    impl Directory {
        pub(crate) fn new() -> Self {
            Self(Vec::new())
        }

        /// The site that stands in the `site` word of a slot.
        pub(crate) fn get(&mut self, word: u32) -> Option<&'static CallSite> {
            let index = (word >> flag::WIDTH).checked_sub(1)? as usize;
            if index >= self.0.len() {
                self.0.clone_from(&lock().sites);
            }
            self.0.get(index).copied()
        }
    }
}
