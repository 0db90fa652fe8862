//! What the threads know, to be compared with what was counted and what came out.

use std::collections::{HashMap, HashSet};
use std::fmt;

use telemetry_core::Accounting;
use telemetry_core::record::SpanRecord;

use crate::contents;

/// One thread's part of the books, or all of them together.
#[derive(Default)]
pub(crate) struct Ledger {
    /// Spans begun, recorded or not.
    pub(crate) begun: u64,
    /// The numbers of those that got a slot.
    pub(crate) recorded: Vec<u64>,
    /// Of those, the ones whose guards were forgotten.
    pub(crate) forgotten: Vec<u64>,
    /// Writes to recorded spans that had ended.
    pub(crate) late: u64,
}

impl Ledger {
    pub(crate) fn add(&mut self, other: Self) {
        self.begun += other.begun;
        self.recorded.extend(other.recorded);
        self.forgotten.extend(other.forgotten);
        self.late += other.late;
    }
}

/// The spans that came out.
#[derive(Default)]
pub(crate) struct Found {
    numbers: HashSet<u64>,
    /// By identifier: the trace and the beginning.
    spans: HashMap<u64, (u128, u64)>,
    parents: Vec<(u64, u64)>,
}

impl Found {
    /// Looks at each span by itself.
    pub(crate) fn take(&mut self, records: &[SpanRecord]) {
        for record in records {
            let who = contents::verify(record);
            assert!(self.numbers.insert(who), "a span came out twice: {record:?}");
            let about = (record.trace_id.to_u128(), record.start_unix_nanos);
            let id = record.span_id.to_u64();
            assert!(self.spans.insert(id, about).is_none(), "an identifier was given twice: {record:?}");
            if let Some(parent) = record.parent_span_id {
                self.parents.push((id, parent.to_u64()));
            }
            assert!(record.duration_nanos < 600_000_000_000, "a torn span: {record:?}");
        }
    }

    pub(crate) fn len(&self) -> u64 {
        self.numbers.len() as u64
    }

    /// Looks at spans beside their parents, and at which spans there are.
    ///
    /// `missing` are spans that a sink was not given.
    pub(crate) fn check(&self, ledger: &Ledger, missing: u64) {
        for (child, parent) in &self.parents {
            if let Some((trace, begin)) = self.spans.get(parent) {
                assert_eq!(*trace, self.spans[child].0, "a child in another trace than its parent");
                assert!(*begin <= self.spans[child].1, "a child began before its parent");
            }
        }
        let recorded: HashSet<u64> = ledger.recorded.iter().copied().collect();
        assert_eq!(recorded.len(), ledger.recorded.len(), "the load gave a number twice");
        assert!(self.numbers.is_subset(&recorded), "a span came out that nobody opened");
        assert!(ledger.forgotten.iter().all(|who| !self.numbers.contains(who)), "a forgotten span came out");
        assert_eq!(self.len() + missing + ledger.forgotten.len() as u64, ledger.recorded.len() as u64);
    }
}

/// Compares the ring's accounting with the threads'. `always_on` says that spans were wanted all the time.
pub(crate) fn balance(accounting: &Accounting, ledger: &Ledger, always_on: bool) {
    let told = format!("{accounting:?}, {} begun, {} recorded", ledger.begun, ledger.recorded.len());
    let opened = ledger.recorded.len() as u64;
    assert_eq!(accounting.started, accounting.taken + accounting.in_flight + accounting.dropped(), "{told}");
    assert_eq!(accounting.taken + accounting.in_flight, opened, "{told}");
    assert_eq!(accounting.in_flight, ledger.forgotten.len() as u64, "{told}");
    assert_eq!(accounting.late_writes, ledger.late, "{told}");
    if always_on {
        assert_eq!(accounting.started, ledger.begun, "{told}");
    } else {
        assert!(accounting.started <= ledger.begun, "{told}");
    }
}

/// What the rounds came to.
#[derive(Default)]
pub(crate) struct Totals {
    begun: u64,
    taken: u64,
    dropped_full: u64,
    dropped_after_shutdown: u64,
    forgotten: u64,
    late: u64,
}

impl Totals {
    /// Adds what one pipeline counted.
    pub(crate) fn add(&mut self, accounting: &Accounting, ledger: &Ledger) {
        self.begun += ledger.begun;
        self.taken += accounting.taken;
        self.dropped_full += accounting.dropped_full;
        self.dropped_after_shutdown += accounting.dropped_after_shutdown;
        self.forgotten += accounting.in_flight;
        self.late += accounting.late_writes;
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { begun, taken, dropped_full, dropped_after_shutdown, forgotten, late } = self;
        write!(
            f,
            "{begun} spans begun: {taken} taken, {dropped_full} dropped by full rings, {dropped_after_shutdown} after \
             the shutdown, {forgotten} forgotten, the rest disabled; {late} late writes"
        )
    }
}
