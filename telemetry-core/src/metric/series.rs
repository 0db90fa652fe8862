//! Series found by their label texts: one table for each store and instrument, read without locks.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::cells::Published;
use super::gauge::NEVER_SET;
use super::hash::Digest;
use super::instrument::Core;
use super::labels::{LabelSet, OVERFLOW_LABEL, OVERFLOW_VALUE, Texts};
use super::local::MetricLocal;
use super::pairs::SeriesLabels;
use super::store::{GLOBAL, MetricStore};
use super::update;

/// One series of an instrument in one store. It lives as long as the process, so handles are plain references.
#[derive(Debug)]
pub(super) struct SeriesEntry {
    pub(super) home: Home,
    digests: &'static [Digest],
    /// Whether no other label set has these digests.
    digests_say_all: bool,
    /// A gauge's value, as its slot holds it. Written by any thread.
    pub(super) gauge: AtomicU64,
    pub(super) labels: SeriesLabels,
}

/// The series that stands for one that was asked for from inside the slow path of another update: updates are counted
/// as lost. No thread's cells reach it, so the hot path need not ask.
pub(super) static NOWHERE: SeriesEntry = SeriesEntry {
    home: Home { store: &GLOBAL, at: u64::MAX / 2 },
    digests: &[],
    digests_say_all: true,
    gauge: AtomicU64::new(NEVER_SET),
    labels: SeriesLabels::none(),
};

/// Where a series lives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Home {
    pub(super) store: &'static MetricStore,
    /// The first of its cells, counted from where those of the first store begin; see [`MetricStore::origin`].
    pub(super) at: u64,
}

impl SeriesEntry {
    /// Whether the label set has these digests.
    #[inline(always)]
    fn has(&self, digests: &[Digest]) -> bool {
        let mut pairs = self.digests.iter().zip(digests);
        self.digests.len() == digests.len() && pairs.all(|(one, other)| one == other)
    }

    /// The values of the instrument's labels; the series beyond the limit has a label more.
    fn texts(&self, core: &Core) -> Vec<&str> {
        self.labels.values().take(core.descriptor.label_names.len()).collect()
    }

    /// Whether the label set, which has the same digests, has these texts.
    #[inline(never)]
    fn reads(&self, texts: &[&str]) -> bool {
        let mut known = self.digests.iter().zip(self.labels.values()).zip(texts);
        known.all(|((digest, value), text)| digest.len <= Digest::WHOLE || value == *text)
    }
}

/// The series of one instrument in one store: open addressing over slots that are written once.
///
/// Memory: 8 bytes a slot, two to four slots for each series of the limit (2,048 slots and 16 KiB at the default of
/// 1,000), made when the first label set is looked up.
#[derive(Debug)]
pub(super) struct SeriesTable {
    slots: Box<[Published<SeriesEntry>]>,
    limit: usize,
    /// Series in the slots. Written under the store's mutex.
    len: AtomicUsize,
    overflow: Published<SeriesEntry>,
    /// Look-ups that ended in the overflow series.
    overflowed: AtomicU64,
    /// Whether the overflow has been reported.
    pub(super) warned: AtomicBool,
    listed: Mutex<Listed>,
}

/// Every series, the first `sorted` of them in the order of their label values.
#[derive(Debug, Default)]
struct Listed {
    entries: Vec<&'static SeriesEntry>,
    sorted: usize,
}

impl SeriesTable {
    pub(super) fn new(limit: usize) -> Self {
        let limit = limit.max(1);
        let slots = (limit * 2).next_power_of_two();
        Self {
            slots: (0..slots).map(|_| Published::empty()).collect(),
            limit,
            len: AtomicUsize::new(0),
            overflow: Published::empty(),
            overflowed: AtomicU64::new(0),
            warned: AtomicBool::new(false),
            listed: Mutex::default(),
        }
    }

    /// The series of a label set, the overflow series for a new one beyond the limit, or nothing for a new one within
    /// it. The texts are asked for where their digests do not say all.
    #[inline(always)]
    pub(super) fn find<'t, T: AsRef<[&'t str]>>(
        &self,
        digests: &[Digest],
        texts: impl Fn() -> T,
    ) -> Option<&'static SeriesEntry> {
        let mut at = Digest::hash(digests);
        // Half of the slots stay free, so there is an end.
        while let Some(entry) = self.slot(at).get() {
            if entry.has(digests) {
                if entry.digests_say_all || entry.reads(texts().as_ref()) {
                    return Some(entry);
                }
                break;
            }
            at += 1;
        }
        self.find_slowly(digests, texts().as_ref())
    }

    /// The same for a label set whose digests are those of another one, that is new, or that is beyond the limit.
    #[cold]
    #[inline(never)]
    fn find_slowly(&self, digests: &[Digest], texts: &[&str]) -> Option<&'static SeriesEntry> {
        // Looked at first: once there is an overflow series, no other is added, and what was added before it is seen.
        let overflow = self.overflow.get();
        let mut at = Digest::hash(digests);
        while let Some(entry) = self.slot(at).get() {
            if entry.has(digests) && entry.reads(texts) {
                return Some(entry);
            }
            at += 1;
        }
        overflow.inspect(|_| {
            self.overflowed.fetch_add(1, Ordering::Relaxed);
        })
    }

    /// Adds the series of a label set `find` did not find, or the one that takes what is beyond the limit. Only under
    /// the store's mutex.
    pub(super) fn add(
        &self,
        core: &'static Core,
        digests: &[Digest],
        texts: &[&str],
        home: Home,
    ) -> &'static SeriesEntry {
        let names = core.descriptor.label_names;
        let overflows = self.len.load(Ordering::Relaxed) >= self.limit;
        let labels = if overflows {
            let overflow = names.iter().map(|name| (*name, OVERFLOW_VALUE));
            SeriesLabels::new(overflow.chain([OVERFLOW_LABEL]))
        } else {
            SeriesLabels::new(names.iter().copied().zip(texts.iter().copied()))
        };
        let gauge = AtomicU64::new(NEVER_SET);
        let digests: &[Digest] = Vec::leak(digests.to_vec());
        let digests_say_all = digests.iter().all(|digest| digest.len <= Digest::WHOLE);
        let entry = Box::leak(Box::new(SeriesEntry { home, digests, digests_say_all, gauge, labels }));
        self.listed.lock().unwrap_or_else(PoisonError::into_inner).entries.push(entry);
        if overflows {
            self.overflowed.fetch_add(1, Ordering::Relaxed);
            return self.overflow.set(entry);
        }
        let mut at = Digest::hash(digests);
        while self.slot(at).get().is_some() {
            at += 1;
        }
        self.len.fetch_add(1, Ordering::Relaxed);
        self.slot(at).set(entry)
    }

    /// Every series, in the order of their label values.
    pub(super) fn entries(&self) -> Vec<&'static SeriesEntry> {
        let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        if listed.sorted < listed.entries.len() {
            listed.entries.sort_by(|one, other| one.labels.values().cmp(other.labels.values()));
            listed.sorted = listed.entries.len();
        }
        listed.entries.clone()
    }

    /// Look-ups that ended in the overflow series.
    pub(super) fn overflowed(&self) -> u64 {
        self.overflowed.load(Ordering::Relaxed)
    }

    #[inline(always)]
    fn slot(&self, hash: u64) -> &Published<SeriesEntry> {
        // As many as a power of two.
        &self.slots[hash as usize & (self.slots.len() - 1)]
    }
}

/// The series of a label set in the store of this thread. Allocates only at a set's first appearance.
#[inline(never)]
pub(super) fn look_up<L: LabelSet>(core: &'static Core, values: &L::Values<'_>) -> &'static SeriesEntry {
    let digests = L::texts(values).digests();
    match look_up_digests(core, digests.as_ref(), || L::texts(values)) {
        Some(entry) => entry,
        None => add::<L>(core, values),
    }
}

/// The same label set as that of a series, in the store of this thread.
#[cold]
pub(super) fn look_up_again(core: &'static Core, entry: &SeriesEntry) -> Option<&'static SeriesEntry> {
    find_again(core, entry).or_else(|| update::add_series(core, &entry.texts(core)))
}

/// The same label set as that of a series, in the store of this thread, if it has come there.
#[cold]
pub(super) fn find_again(core: &'static Core, entry: &SeriesEntry) -> Option<&'static SeriesEntry> {
    let texts = entry.texts(core);
    let digests: Vec<Digest> = texts.iter().map(|text| Digest::of(text)).collect();
    look_up_digests(core, &digests, || &texts)
}

#[inline(always)]
fn look_up_digests<'t, T: AsRef<[&'t str]>>(
    core: &'static Core,
    digests: &[Digest],
    texts: impl Fn() -> T,
) -> Option<&'static SeriesEntry> {
    MetricLocal::here().store.get().series_table(core)?.find(digests, texts)
}

#[cold]
#[inline(never)]
fn add<L: LabelSet>(core: &'static Core, values: &L::Values<'_>) -> &'static SeriesEntry {
    update::add_series(core, L::texts(values).as_ref()).unwrap_or(&NOWHERE)
}
