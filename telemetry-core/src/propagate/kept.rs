//! The states and the baggage of traces that are under way here, and the thresholds by which traces that begin here are sampled.
//!
//! Spans carry neither: a trace carries a number of four bits among its flags, zero when there is nothing to look up.
//! One up to eight says under which number the trace's state and baggage are kept here, so that a trace that comes in several times
//! at once, with different states, keeps them apart. The numbers above say by which threshold a root was sampled.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use super::baggage::{self, Baggage};
use super::otel;
use super::tracestate::TraceState;
use crate::forking::Keeper;

/// The numbers of states; those above are of thresholds.
const NUMBERS: u32 = 8;
/// The largest number there is.
pub(super) const LAST: u32 = 15;
/// Bytes kept of one state; a longer one is shrunk in whole members, as W3C has it.
const MAX_STATE_BYTES: usize = 4_096;
/// Bytes kept of all states together; further ones are dropped and counted.
const MAX_BYTES: usize = 16 << 20;
/// What an entry costs beside its text.
const ENTRY_BYTES: usize = 128;
/// States of ended requests that a shelf keeps for the work that outlives them, and for the drain: on all shelves together
/// as many as a ring of the default size has slots.
const ENDED: usize = 1024;
const SHELVES: usize = 16;

struct Entry {
    number: u32,
    state: TraceState,
    baggage: Baggage,
    /// Requests under way with this very state and baggage.
    holders: u32,
    /// What it counts for among all.
    size: usize,
}

#[derive(Default)]
struct Shelf {
    traces: HashMap<u128, Vec<Entry>>,
    /// Entries whose requests have ended, the oldest first. Some may be held again, or gone.
    ended: VecDeque<(u128, u32)>,
}

static SHELVES_OF_STATES: LazyLock<[Mutex<Shelf>; SHELVES]> = LazyLock::new(Default::default);
static BYTES: AtomicUsize = AtomicUsize::new(0);
static DROPPED: AtomicU64 = AtomicU64::new(0);

fn shelf(trace: u128) -> MutexGuard<'static, Shelf> {
    let mixed = (trace as u64 ^ (trace >> 64) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    SHELVES_OF_STATES[(mixed >> 60) as usize].lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has the locks held while the process forks.
pub(crate) fn hold_locks(keeper: &mut Keeper) {
    SHELVES_OF_STATES.iter().for_each(|shelf| keeper.hold(shelf));
    keeper.hold(&NEXT_THRESHOLD);
}

/// States that were dropped because too many were kept: their traces go on without, or their spans were drained without.
/// Among the metrics it is `telemetry_trace_states_dropped_total`.
pub fn dropped_states() -> u64 {
    DROPPED.load(Ordering::Relaxed)
}

pub(super) fn count_dropped() {
    DROPPED.fetch_add(1, Ordering::Relaxed);
}

/// Whether a number stands for a threshold, whichever the trace.
pub(super) const fn is_threshold(number: u32) -> bool {
    number > NUMBERS
}

/// Keeps a state and a baggage until they are released as often as they are held. Zero when there is neither, or no room.
pub(super) fn hold(trace: u128, state: &TraceState, baggage: &Baggage) -> u32 {
    if state.is_empty() && baggage.is_empty() {
        return 0;
    }
    let number = shelf(trace).hold(trace, state.within(MAX_STATE_BYTES), baggage.clone());
    if number == 0 {
        if !state.is_empty() {
            count_dropped();
        }
        baggage::count_dropped(baggage.len());
    }
    number
}

/// Lets go of what [`hold`] kept. It stays for a while, for what goes on after its request.
#[inline]
pub(super) fn release(trace: u128, number: u32) {
    if number != 0 {
        shelf(trace).release(trace, number);
    }
}

/// The state of a trace with this number.
pub(crate) fn find(trace: u128, number: u32) -> TraceState {
    look_up(trace, number).unwrap_or_default()
}

/// The state of a trace with this number; none where the number is zero or what it stood for has been forgotten.
pub(super) fn look_up(trace: u128, number: u32) -> Option<TraceState> {
    match number {
        0 => None,
        1..=NUMBERS => shelf(trace).entry(trace, number).map(|entry| entry.state.clone()),
        _ => match THRESHOLDS[threshold_index(number)].load(Ordering::Relaxed) {
            NO_THRESHOLD => None,
            threshold => Some(otel::with_threshold(&TraceState::EMPTY, Some(threshold))),
        },
    }
}

/// The baggage of a trace with this number.
pub(crate) fn baggage(trace: u128, number: u32) -> Baggage {
    match number {
        1..=NUMBERS => {
            shelf(trace).entry(trace, number).map(|entry| entry.baggage.clone()).unwrap_or_default()
        }
        _ => Baggage::EMPTY,
    }
}

/// The number under which a trace's state was kept last; for spans that are given a parent by its identifiers.
pub(crate) fn latest(trace: u128) -> u32 {
    if BYTES.load(Ordering::Relaxed) == 0 {
        return 0;
    }
    shelf(trace).traces.get(&trace).and_then(|entries| entries.last()).map_or(0, |entry| entry.number)
}

/// Notes by which threshold a local root was sampled; none when it was dropped although its caller had sampled it.
/// Returns the number its trace goes on with.
pub(crate) fn resampled(trace: u128, number: u32, threshold: Option<u64>) -> u32 {
    if (1..=NUMBERS).contains(&number) {
        if let Some(entry) = shelf(trace).entry(trace, number) {
            entry.state = otel::with_threshold(&entry.state, threshold);
        }
        return number;
    }
    threshold.map_or(0, number_of)
}

impl Shelf {
    fn entry(&mut self, trace: u128, number: u32) -> Option<&mut Entry> {
        self.traces.get_mut(&trace)?.iter_mut().find(|entry| entry.number == number)
    }

    fn hold(&mut self, trace: u128, state: TraceState, baggage: Baggage) -> u32 {
        let entries = self.traces.entry(trace).or_default();
        let same = |entry: &&mut Entry| entry.state == state && entry.baggage == baggage;
        if let Some(entry) = entries.iter_mut().find(same) {
            entry.holders += 1;
            return entry.number;
        }
        let is_free = |number: &u32| entries.iter().all(|entry| entry.number != *number);
        let number = (1..=NUMBERS).find(is_free).or_else(|| {
            let ended = entries.iter().position(|entry| entry.holders == 0)?;
            Some(Entry::forget(entries.remove(ended)))
        });
        let size = ENTRY_BYTES + state.as_str().len() + baggage.as_str().len();
        let taken = number.filter(|_| self.has_room(size));
        if let Some(number) = taken {
            BYTES.fetch_add(size, Ordering::Relaxed);
            self.traces.entry(trace).or_default().push(Entry { number, state, baggage, holders: 1, size });
        } else if self.traces.get(&trace).is_some_and(Vec::is_empty) {
            self.traces.remove(&trace);
        }
        taken.unwrap_or(0)
    }

    /// Whether so many bytes may be kept, once what has ended on this shelf has given way.
    fn has_room(&mut self, size: usize) -> bool {
        while BYTES.load(Ordering::Relaxed) + size > MAX_BYTES {
            let Some((trace, number)) = self.ended.pop_front() else { return false };
            self.forget(trace, number);
        }
        true
    }

    fn release(&mut self, trace: u128, number: u32) {
        let Some(entry) = self.entry(trace, number) else { return };
        entry.holders = entry.holders.saturating_sub(1);
        if entry.holders == 0 {
            self.ended.push_back((trace, number));
        }
        if self.ended.len() > ENDED
            && let Some((trace, number)) = self.ended.pop_front()
        {
            self.forget(trace, number);
        }
    }

    /// Forgets an entry unless it is held again.
    fn forget(&mut self, trace: u128, number: u32) {
        let Some(entries) = self.traces.get_mut(&trace) else { return };
        if let Some(at) = entries.iter().position(|entry| entry.number == number && entry.holders == 0) {
            Entry::forget(entries.remove(at));
        }
        if entries.is_empty() {
            self.traces.remove(&trace);
        }
    }
}

impl Entry {
    /// Gives its bytes back, and its number.
    fn forget(self) -> u32 {
        BYTES.fetch_sub(self.size, Ordering::Relaxed);
        self.number
    }
}

/// Stands for no threshold.
const NO_THRESHOLD: u64 = u64::MAX;

/// The thresholds in use, by number: as many as a process has ratios at a time. One more takes the place of the oldest.
static THRESHOLDS: [AtomicU64; (LAST - NUMBERS) as usize] =
    [const { AtomicU64::new(NO_THRESHOLD) }; (LAST - NUMBERS) as usize];
static NEXT_THRESHOLD: Mutex<usize> = Mutex::new(0);

const fn threshold_index(number: u32) -> usize {
    (number - NUMBERS - 1) as usize
}

fn number_of(threshold: u64) -> u32 {
    let known = || THRESHOLDS.iter().position(|kept| kept.load(Ordering::Relaxed) == threshold);
    let index = known().unwrap_or_else(|| {
        let mut next = NEXT_THRESHOLD.lock().unwrap_or_else(PoisonError::into_inner);
        known().unwrap_or_else(|| {
            let index = *next;
            *next = (index + 1) % THRESHOLDS.len();
            THRESHOLDS[index].store(threshold, Ordering::Relaxed);
            index
        })
    });
    index as u32 + NUMBERS + 1
}

#[cfg(test)]
mod tests {
    use super::super::Keys;
    use super::*;

    fn state(text: &str) -> TraceState {
        TraceState::parse([text], Keys::Level2).unwrap()
    }

    #[test]
    fn states_of_one_trace_are_kept_apart_and_equal_ones_together() {
        let trace = 0xaaaa_0100;
        let hold = |trace, text: &str| hold(trace, &state(text), &Baggage::EMPTY);
        let (one, two) = (hold(trace, "a=1"), hold(trace, "a=2"));
        assert_ne!(one, two);
        assert_eq!(hold(trace, "a=1"), one);
        assert_eq!((find(trace, one), find(trace, two)), (state("a=1"), state("a=2")));
        assert_eq!(latest(trace), two);
        assert_eq!(find(trace, 0), TraceState::EMPTY);
        assert_eq!(find(trace + 1, one), TraceState::EMPTY);
    }

    #[test]
    fn a_ninth_state_takes_the_place_of_one_that_has_ended_or_is_dropped_and_counted() {
        let trace = 0xaaaa_0002;
        let hold = |text: &str| hold(trace, &state(text), &Baggage::EMPTY);
        let held: Vec<u32> = (0..8).map(|value| hold(&format!("a={value}"))).collect();
        let before = dropped_states();
        assert_eq!(hold("a=8"), 0);
        assert!(dropped_states() > before);
        release(trace, held[3]);
        assert_eq!(find(trace, held[3]), state("a=3"), "kept for what outlives its request");
        assert_eq!(hold("a=9"), held[3]);
        assert_eq!(find(trace, held[3]), state("a=9"));
    }

    #[test]
    fn ended_states_go_when_there_are_many() {
        let mut shelf = Shelf::default();
        for trace in 0..2_000 {
            let number = shelf.hold(trace, state("a=1"), Baggage::EMPTY);
            shelf.release(trace, number);
        }
        assert_eq!(shelf.traces.len(), ENDED);
        assert!(shelf.entry(1_999, 1).is_some() && shelf.entry(900, 1).is_none());
    }

    #[test]
    fn a_state_that_is_too_long_is_shrunk_in_whole_members() {
        let long: Vec<String> = (0..32).map(|key| format!("k{key}={}", "v".repeat(250))).collect();
        let trace = 0xaaaa_0003;
        let number = hold(trace, &state(&long.join(",")), &Baggage::EMPTY);
        let kept = find(trace, number);
        assert!(kept.as_str().len() <= MAX_STATE_BYTES);
        assert_eq!(kept.members().count(), 16);
        assert_eq!(kept.members().next().map(|(key, _)| key.to_owned()).as_deref(), Some("k0"));
    }

    #[test]
    fn a_threshold_is_noted_in_the_state_that_came_in_or_under_a_number_of_its_own() {
        let trace = 0xaaaa_0004;
        let number = hold(trace, &state("rojo=1,ot=th:0"), &Baggage::EMPTY);
        assert_eq!(resampled(trace, number, Some(1 << 55)), number);
        assert_eq!(find(trace, number).as_str(), "ot=th:8,rojo=1");
        assert_eq!(resampled(trace, number, None), number);
        assert_eq!(find(trace, number).as_str(), "rojo=1");
        let own = resampled(trace, 0, Some(1 << 54));
        assert!(own > NUMBERS && own == resampled(trace + 1, 0, Some(1 << 54)));
        assert_eq!(find(trace, own).as_str(), "ot=th:4");
        assert_eq!(resampled(trace, 0, None), 0);
    }
}
