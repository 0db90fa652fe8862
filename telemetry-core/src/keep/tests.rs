//! Decisions on traces made by hand, and the bounds.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::holding::{Holding, Ledger};
use super::remembered::Remembered;
use super::{Counts, KeepTraces};
use crate::record::{SpanRecord, Status};
use crate::sink::fixtures::span;

const SECOND: u64 = 1_000_000_000;

/// A span of a watched trace; a parent of zero makes it a local root.
fn watched(trace: u128, id: u64, parent: u64, seconds: u64) -> SpanRecord {
    let mut record = span(trace, id, parent, "work", 0, seconds * 1_000_000);
    record.trace_flags = 2;
    record.local_root = parent == 0;
    record
}

/// A local root under a span of another process.
fn called(trace: u128, id: u64, parent: u64, seconds: u64) -> SpanRecord {
    SpanRecord { local_root: true, ..watched(trace, id, parent, seconds) }
}

fn failed(record: SpanRecord) -> SpanRecord {
    SpanRecord { status: Status::Error, ..record }
}

struct Desk {
    holding: Holding,
    counts: Counts,
    not_kept: AtomicU64,
    now: u64,
}

impl Desk {
    fn new(policy: KeepTraces) -> Self {
        Self {
            holding: Holding::new(policy),
            counts: Counts::new(),
            not_kept: AtomicU64::new(0),
            now: SECOND,
        }
    }

    /// Reads spans in one pass; returns the identifiers of those handed out.
    fn pass(&mut self, spans: impl IntoIterator<Item = SpanRecord>) -> Vec<u64> {
        let ledger = Ledger { counts: &self.counts, not_kept: &self.not_kept };
        self.holding.pass_begins();
        spans.into_iter().for_each(|span| self.holding.take(span, self.now, ledger));
        self.holding.pass_ended(self.now, ledger);
        self.holding.finish(self.now, ledger);
        let mut out = Vec::new();
        while self.holding.hand_out(7, &mut out) != 0 {}
        out.iter().map(|span| span.span_id.to_u64()).collect()
    }

    fn not_kept(&self) -> u64 {
        self.not_kept.load(Ordering::Relaxed)
    }
}

fn slow() -> KeepTraces {
    KeepTraces::failed_or_slower_than(Duration::from_secs(5))
}

#[test]
fn a_root_is_judged_when_a_whole_pass_has_ended_since_it_was_read() {
    let mut desk = Desk::new(slow());
    assert_eq!(desk.pass([watched(1, 1, 0, 1)]), [0_u64; 0]);
    assert!(desk.holding.awaits_pass());
    // What ended before the root and lay behind it in the ring.
    assert_eq!(desk.pass([failed(watched(1, 2, 1, 1))]), [1, 2]);
    assert_eq!(desk.not_kept(), 0);
}

#[test]
fn a_span_that_ends_after_its_trace_was_decided_shares_its_fate_with_all_below() {
    let mut desk = Desk::new(slow());
    desk.pass([watched(1, 1, 0, 1), failed(watched(2, 21, 0, 1))]);
    assert_eq!(desk.pass([]), [21]);
    assert_eq!(desk.not_kept(), 1);
    // 3 ended while its parent 2 was still open, and is dropped with it.
    assert_eq!(desk.pass([watched(1, 3, 2, 1), watched(2, 22, 21, 1)]), [22]);
    assert_eq!(desk.not_kept(), 1);
    assert_eq!(desk.pass([watched(1, 2, 1, 1)]), [0_u64; 0]);
    assert_eq!(desk.not_kept(), 3);
    assert_eq!((desk.counts.undecided(), desk.pass([watched(1, 4, 3, 1)])), (0, vec![]));
}

#[test]
fn two_local_roots_of_one_trace_are_judged_each_by_itself() {
    let mut desk = Desk::new(slow());
    // Calls of one caller, at the same time; the second one goes on.
    desk.pass([called(1, 10, 9, 1), watched(1, 11, 10, 1), watched(1, 21, 20, 1)]);
    assert_eq!(desk.pass([]), [0_u64; 0]);
    assert_eq!((desk.not_kept(), desk.counts.undecided()), (2, 1));
    desk.pass([failed(called(1, 20, 9, 1))]);
    assert_eq!(desk.pass([]), [21, 20]);
}

#[test]
fn a_failure_in_one_call_does_not_keep_another_call_of_the_same_trace_that_ended_before() {
    let mut desk = Desk::new(slow());
    desk.pass([called(1, 10, 9, 1), failed(watched(1, 21, 20, 1))]);
    assert_eq!(desk.pass([]), [0_u64; 0]);
    assert_eq!(desk.not_kept(), 1);
}

#[test]
fn calls_of_one_trace_that_end_together_are_kept_together() {
    let mut desk = Desk::new(slow());
    let calls = (1..=500_u64).map(|call| called(1, 2 * call, 9_999, 1));
    let spans: Vec<_> = calls.chain((1..=500).map(|call| watched(1, 2 * call + 1, 2 * call, 1))).collect();
    desk.pass(spans.clone());
    assert_eq!(desk.pass([]), [0_u64; 0]);
    assert_eq!((desk.not_kept(), desk.counts.undecided()), (1_000, 0));
    let mut desk = Desk::new(slow());
    desk.pass(spans);
    assert_eq!(desk.pass([failed(watched(1, 1_003, 700, 1))]).len(), 1_001);
}

#[test]
fn what_outlives_its_root_costs_no_more_where_there_is_much_of_it() {
    const TASKS: u64 = 60_000;
    let mut desk = Desk::new(slow().max_spans(1 << 20));
    desk.pass([watched(1, 1, 0, 1)]);
    desk.pass([]);
    // Each of many tasks has gone on after the request, and something in it has ended.
    desk.pass((1..=TASKS).map(|task| watched(1, 2 * task + 1, 2 * task, 1)));
    assert_eq!((desk.not_kept(), desk.counts.undecided()), (1, TASKS));
    // With each of them looked for among all this takes minutes.
    assert_eq!(desk.pass((1..=TASKS).map(|task| watched(1, 2 * task, 1, 1))), [0_u64; 0]);
    assert_eq!((desk.not_kept(), desk.counts.undecided()), (2 * TASKS + 1, 0));
}

#[test]
fn parents_in_a_circle_come_to_an_end() {
    let mut desk = Desk::new(slow());
    desk.pass([called(1, 10, 9, 1), watched(1, 11, 12, 1), watched(1, 12, 11, 1), watched(1, 13, 13, 1)]);
    assert_eq!(desk.pass([]), [0_u64; 0]);
    assert_eq!((desk.not_kept(), desk.counts.undecided()), (1, 3));
}

#[test]
fn more_spans_than_may_wait_decide_the_oldest_trace_by_what_is_known() {
    let mut desk = Desk::new(slow().max_spans(3));
    // The root of each is still open.
    let handed_out = desk.pass([
        failed(watched(1, 12, 11, 0)),
        watched(2, 22, 21, 0),
        watched(3, 32, 31, 6),
        watched(4, 42, 41, 0),
        watched(5, 52, 51, 0),
        watched(6, 62, 61, 0),
    ]);
    assert_eq!(handed_out, [12, 32], "one has failed, one is slow already");
    assert_eq!((desk.not_kept(), desk.counts.undecided()), (1, 3));
    // The rest of a trace kept early goes on at once; that of one dropped early is judged anew.
    assert_eq!(desk.pass([watched(1, 11, 0, 1)]), [11]);
    desk.pass([failed(watched(2, 21, 0, 1))]);
    assert_eq!(desk.pass([]), [21]);
}

#[test]
fn a_trace_that_waits_too_long_is_slow_unless_its_root_was_judged() {
    let mut desk = Desk::new(slow().max_age(Duration::from_secs(1)));
    desk.pass([watched(1, 12, 11, 0), called(2, 20, 9, 0), watched(2, 23, 22, 0)]);
    desk.now += 4 * SECOND;
    assert_eq!(desk.pass([]), [0_u64; 0], "the age is that from which on traces are slow");
    desk.now += SECOND;
    assert_eq!(desk.pass([]), [12]);
    assert_eq!((desk.not_kept(), desk.counts.undecided()), (2, 0));
    assert_eq!(desk.pass([watched(1, 11, 0, 5)]), [11]);
}

#[test]
fn what_is_left_of_a_judged_trace_is_never_slow() {
    let mut desk = Desk::new(slow());
    desk.pass([called(1, 10, 9, 1)]);
    desk.pass([]);
    // Its parent found no room in the ring, so nothing leads to the root.
    assert_eq!(desk.pass([watched(1, 12, 11, 1), failed(watched(1, 14, 13, 1))]), [0_u64; 0]);
    assert_eq!(desk.counts.undecided(), 2);
    desk.now += 30 * SECOND;
    assert_eq!(desk.pass([]), [12, 14], "for the failure alone");
    desk.pass([called(2, 20, 9, 1)]);
    desk.pass([]);
    desk.pass([watched(2, 22, 21, 1)]);
    desk.now += 30 * SECOND;
    assert_eq!(desk.pass([]), [0_u64; 0]);
    assert_eq!(desk.counts.undecided(), 0);
}

#[test]
fn what_waits_at_the_end_is_decided() {
    let mut desk = Desk::new(slow());
    assert_eq!(desk.pass([failed(watched(1, 12, 11, 0)), watched(2, 22, 21, 0)]), [0_u64; 0]);
    desk.holding.conclude();
    // Of the last one the root has been read too, and no other pass follows.
    let last = [watched(3, 32, 31, 7), watched(4, 42, 41, 1), watched(4, 41, 0, 9)];
    assert_eq!(desk.pass(last), [12, 32, 42, 41]);
    assert_eq!((desk.not_kept(), desk.counts.undecided()), (1, 0));
}

#[test]
fn what_waits_when_the_policy_goes_is_told() {
    let mut desk = Desk::new(slow());
    desk.pass([watched(1, 12, 11, 0), watched(2, 22, 21, 0)]);
    assert_eq!((desk.holding.abandon(), desk.holding.abandon()), (2, 0));
}

#[test]
fn a_memory_holds_at_least_its_limit_and_at_most_twice_that() {
    let mut memory = Remembered::new(100);
    (0..1_000).for_each(|item| memory.insert(item));
    let remembered: HashSet<_> = (0..1_000).filter(|item| memory.contains(item)).collect();
    assert!((100..=200).contains(&remembered.len()) && (900..1_000).all(|item| remembered.contains(&item)));
}
