//! Series found by their label texts: one table for each store and instrument, read without locks.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use super::hash;
use super::instrument::Core;
use super::labels::{OVERFLOW_LABEL, OVERFLOW_VALUE};
use super::store::MetricStore;

/// One series of an instrument in one store. It lives as long as the process, so handles are plain references.
#[derive(Debug)]
pub(super) struct SeriesEntry {
    pub(super) store: &'static MetricStore,
    hash: u64,
    /// The texts one after the other.
    text: Box<str>,
    /// Where each text ends.
    ends: Box<[usize]>,
    /// The first of its cells among the series cells of its store; unused by a gauge.
    pub(super) base: usize,
    /// A gauge's value, encoded as in `gauge.rs`. Written by any thread.
    pub(super) gauge: AtomicU64,
    /// Whether it takes what is beyond the limit.
    pub(super) overflow: bool,
}

impl SeriesEntry {
    pub(super) fn new(
        store: &'static MetricStore,
        hash: u64,
        texts: &[&str],
        base: usize,
        overflow: bool,
    ) -> Self {
        let ends = texts.iter().scan(0, |end, text| {
            *end += text.len();
            Some(*end)
        });
        let ends = ends.collect();
        Self { store, hash, text: texts.concat().into(), ends, base, gauge: AtomicU64::new(0), overflow }
    }

    /// The text of each label.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let text = &self.text[start..*end];
            start = *end;
            text
        })
    }

    fn is(&self, hash: u64, texts: &[&str]) -> bool {
        self.hash == hash && self.texts().eq(texts.iter().copied())
    }
}

/// The series of one instrument in one store: open addressing over slots that are written once.
///
/// Memory: 16 bytes a slot, two to four slots for each series of the limit (2,048 slots and 32 KiB at the default of
/// 1,000), made when the first label set is looked up.
#[derive(Debug)]
pub(super) struct SeriesTable {
    slots: Box<[OnceLock<&'static SeriesEntry>]>,
    limit: usize,
    /// Series in the slots. Written under the store's mutex.
    len: AtomicUsize,
    overflow: OnceLock<&'static SeriesEntry>,
    /// Look-ups that ended in the overflow series.
    overflowed: AtomicU64,
    /// Whether the overflow has been reported.
    pub(super) warned: AtomicBool,
}

impl SeriesTable {
    pub(super) fn new(limit: usize) -> Self {
        let limit = limit.max(1);
        let slots = (limit * 2).next_power_of_two();
        Self {
            slots: (0..slots).map(|_| OnceLock::new()).collect(),
            limit,
            len: AtomicUsize::new(0),
            overflow: OnceLock::new(),
            overflowed: AtomicU64::new(0),
            warned: AtomicBool::new(false),
        }
    }

    /// The series of a label set, the overflow series for a new one beyond the limit, or nothing for a new one within
    /// it.
    #[inline]
    pub(super) fn find(&self, hash: u64, texts: &[&str]) -> Option<&'static SeriesEntry> {
        for entry in self.probe(hash) {
            match entry.get() {
                Some(entry) if entry.is(hash, texts) => return Some(entry),
                Some(_) => {}
                None => break,
            }
        }
        let overflow = self.overflow.get()?;
        self.overflowed.fetch_add(1, Ordering::Relaxed);
        Some(overflow)
    }

    /// Whether a new label set would be beyond the limit.
    pub(super) fn is_full(&self) -> bool {
        self.len.load(Ordering::Relaxed) >= self.limit
    }

    /// Adds the series of a label set `find` did not find. Only under the store's mutex, and only while it is not
    /// full.
    pub(super) fn insert(&self, entry: &'static SeriesEntry) {
        // Half of the slots stay free, so there is one.
        if self.probe(entry.hash).any(|slot| slot.set(entry).is_ok()) {
            self.len.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Sets the series that takes what is beyond the limit, and counts the look-up that needed it.
    pub(super) fn set_overflow(&self, entry: &'static SeriesEntry) -> &'static SeriesEntry {
        self.overflowed.fetch_add(1, Ordering::Relaxed);
        self.overflow.get_or_init(|| entry)
    }

    /// Every series, the overflow one last.
    pub(super) fn entries(&self) -> impl Iterator<Item = &'static SeriesEntry> {
        self.slots.iter().chain([&self.overflow]).filter_map(OnceLock::get).copied()
    }

    /// Look-ups that ended in the overflow series.
    pub(super) fn overflowed(&self) -> u64 {
        self.overflowed.load(Ordering::Relaxed)
    }

    fn probe(&self, hash: u64) -> impl Iterator<Item = &OnceLock<&'static SeriesEntry>> {
        let mask = self.slots.len() - 1;
        (0..self.slots.len()).map(move |step| &self.slots[(hash as usize).wrapping_add(step) & mask])
    }
}

/// The labels of a series, as the exposition shows them.
pub(super) fn labels_of<'a>(
    core: &'static Core,
    texts: impl Iterator<Item = &'a str>,
) -> Vec<(std::borrow::Cow<'static, str>, std::borrow::Cow<'static, str>)> {
    core.descriptor
        .label_names
        .iter()
        .zip(texts)
        .map(|(name, text)| ((*name).into(), text.to_owned().into()))
        .collect()
}

/// The texts of the overflow series of an instrument.
pub(super) fn overflow_texts(core: &'static Core) -> Vec<&'static str> {
    vec![OVERFLOW_VALUE; core.descriptor.label_names.len()]
}

/// The label that marks the overflow series.
pub(super) fn overflow_label() -> (std::borrow::Cow<'static, str>, std::borrow::Cow<'static, str>) {
    (OVERFLOW_LABEL.0.into(), OVERFLOW_LABEL.1.into())
}

/// The series of a label set in the store of this thread. Allocates only at a set's first appearance.
#[inline]
pub(super) fn look_up(core: &'static Core, texts: &[&str]) -> Option<&'static SeriesEntry> {
    let hash = hash::of(texts);
    let store = super::local::store();
    match store.series_table(core).and_then(|table| table.find(hash, texts)) {
        Some(entry) => Some(entry),
        None => super::update::add_series(store, core, hash, texts),
    }
}
