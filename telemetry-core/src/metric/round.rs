//! Rounds of the samplers on a thread of their own, waited for at most a bounded time.
//!
//! A round hands every sampler and followed total to a thread `telemetry-samplers`, which ends with the round. One that
//! does not return is given up on: its thread is left to it, and a fresh thread runs the rest. It is not run again until
//! it has returned, because it holds its own lock meanwhile.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::local;
use super::observed::Followed;
use super::sampler::{Sampler, SamplerReport};
use super::store::MetricStore;
use crate::forking::{self, Keeper};

/// The threads that may be left to samplers that do not return; at this number the rest of a round is not run.
const MAX_LEFT_BEHIND: usize = 16;
/// The reports kept for the next tick.
const MAX_REPORTS: usize = 256;
/// The shortest time a sampler is waited for, whatever the interval: a busy machine needs that to start a thread.
const LEAST_PATIENCE: Duration = Duration::from_millis(50);
const MOST_PATIENCE: Duration = Duration::from_secs(1);

thread_local! {
    /// Whether this thread is running samplers: one that reads the metrics gets the values there are.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// One function of the user's.
pub(super) enum Unit {
    Sampler(Arc<Sampler>),
    Total(Followed),
}

impl Unit {
    fn name(&self) -> Cow<'static, str> {
        match self {
            Self::Sampler(sampler) => sampler.name.clone(),
            Self::Total(followed) => followed.name().into(),
        }
    }

    /// Runs it, unless it is running already.
    fn run(&self, store: &'static MetricStore, interval: Duration) -> Vec<SamplerReport> {
        match self {
            Self::Sampler(sampler) => sampler.run(interval),
            Self::Total(followed) => store.observers.read(followed).into_iter().collect(),
        }
    }
}

/// The round of one store, and what its samplers have done that nobody has heard of yet.
#[derive(Debug)]
pub(super) struct Rounds {
    state: Mutex<State>,
    changed: Condvar,
    reports: Mutex<Vec<SamplerReport>>,
}

struct State {
    /// Whether a round is under way.
    running: bool,
    /// The interval that samplers are measured by.
    interval: Duration,
    left: VecDeque<Unit>,
    /// What is running now, nothing before the thread has started.
    current: Option<Cow<'static, str>>,
    /// Since when; of the round before its thread has started.
    since: Option<Instant>,
    /// The number of the thread the round belongs to; threads given up on have lower ones.
    thread: u64,
    left_behind: usize,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("running", &self.running)
            .field("current", &self.current)
            .field("left_behind", &self.left_behind)
            .finish_non_exhaustive()
    }
}

impl Rounds {
    pub(super) const fn new() -> Self {
        let state = State {
            running: false,
            interval: Duration::ZERO,
            left: VecDeque::new(),
            current: None,
            since: None,
            thread: 0,
            left_behind: 0,
        };
        Self { state: Mutex::new(state), changed: Condvar::new(), reports: Mutex::new(Vec::new()) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn hold(&'static self, keeper: &mut Keeper) {
        keeper.hold(&self.state);
        keeper.hold(&self.reports);
    }

    /// No round is under way, in the child of a fork: its thread is not there. A sampler that was running then holds its own
    /// lock for good, and is left out.
    pub(super) fn begin_anew(&self) {
        let mut state = self.lock();
        (state.running, state.left_behind, state.current) = (false, 0, None);
        state.left.clear();
        state.thread += 1;
    }

    fn report(&self, new: impl IntoIterator<Item = SamplerReport>) {
        let mut reports = self.reports.lock().unwrap_or_else(PoisonError::into_inner);
        for report in new {
            // A panic at every live scrape is one report for the next tick.
            if reports.len() < MAX_REPORTS && !reports.contains(&report) {
                reports.push(report);
            }
        }
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, until: Instant) -> MutexGuard<'a, State> {
        let left = until.saturating_duration_since(Instant::now());
        self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
    }
}

impl MetricStore {
    /// Runs every sampler and reads every followed total once, on this thread, which writes to this store meanwhile.
    /// Those that are running already are left out. Does nothing when disabled, or when called by a sampler.
    pub(crate) fn run_samplers(&'static self, interval: Duration) -> Vec<SamplerReport> {
        if !self.is_enabled() || INSIDE.get() {
            return Vec::new();
        }
        let inside = Inside::of(self);
        self.units().iter().flat_map(|unit| inside.run(unit, interval)).collect()
    }

    /// Runs a round on another thread, after one that is under way, and waits for it: for each sampler at most a tenth
    /// of the interval (50 ms at least, 1 s at most), for all together at most twice that. One that takes longer is
    /// reported and given up on. What is late goes on in the background.
    pub(crate) fn await_samplers(&'static self, interval: Duration) {
        if INSIDE.get() {
            return;
        }
        let patience = (interval / 10).clamp(LEAST_PATIENCE, MOST_PATIENCE);
        let until = Instant::now() + patience * 2;
        if self.await_round(patience, until) && self.begin_round(interval) {
            self.await_round(patience, until);
        }
    }

    /// As [`await_samplers`](Self::await_samplers), but does not wait for a round that is under way already: the values
    /// there are must do.
    pub(crate) fn await_samplers_unless_running(&'static self, interval: Duration) {
        if !self.samplers.rounds.lock().running {
            self.await_samplers(interval);
        }
    }

    /// What samplers have done since the last call.
    pub(crate) fn take_sampler_reports(&self) -> Vec<SamplerReport> {
        std::mem::take(&mut *self.samplers.rounds.reports.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn units(&'static self) -> VecDeque<Unit> {
        let samplers = self.samplers.list().into_iter().map(Unit::Sampler);
        samplers.chain(self.observers.list().into_iter().map(Unit::Total)).collect()
    }

    /// False when there is nothing to run.
    fn begin_round(&'static self, interval: Duration) -> bool {
        let units = self.units();
        let rounds = &self.samplers.rounds;
        let mut state = rounds.lock();
        if units.is_empty() || !self.is_enabled() {
            return false;
        }
        // Somebody else's, begun a moment ago, is as good as one's own.
        if !state.running {
            state.running = true;
            state.interval = interval;
            state.left = units;
            self.start_thread(&mut state);
        }
        true
    }

    /// Waits for the round under way, if there is one; false when the time was over before it ended.
    fn await_round(&'static self, patience: Duration, until: Instant) -> bool {
        let rounds = &self.samplers.rounds;
        let mut state = rounds.lock();
        while state.running {
            let now = Instant::now();
            let given_up = state.since.unwrap_or(now) + patience;
            if now >= given_up {
                let stuck = state.current.clone();
                rounds.report(stuck.map(|name| SamplerReport::Stuck { name, waited: patience }));
                if state.left_behind >= MAX_LEFT_BEHIND {
                    return false;
                }
                state.left_behind += 1;
                self.start_thread(&mut state);
            } else if now >= until {
                return false;
            } else {
                state = rounds.wait(state, given_up.min(until));
            }
        }
        true
    }

    /// Gives the round to a new thread.
    fn start_thread(&'static self, state: &mut State) {
        state.thread += 1;
        state.current = None;
        state.since = Some(Instant::now());
        let number = state.thread;
        if let Err(error) = forking::spawn("telemetry-samplers", move || self.run_round(number)) {
            state.running = false;
            state.left.clear();
            let rounds = &self.samplers.rounds;
            rounds.report([SamplerReport::NotRun { message: error.to_string() }]);
            rounds.changed.notify_all();
        }
    }

    fn run_round(&'static self, number: u64) {
        let rounds = &self.samplers.rounds;
        let inside = Inside::of(self);
        loop {
            let mut state = rounds.lock();
            if state.thread != number {
                state.left_behind -= 1;
                return;
            }
            let Some(unit) = state.left.pop_front() else {
                state.running = false;
                state.current = None;
                rounds.changed.notify_all();
                return;
            };
            state.current = Some(unit.name());
            state.since = Some(Instant::now());
            let interval = state.interval;
            drop(state);
            rounds.report(inside.run(&unit, interval));
        }
    }
}

/// This thread runs samplers of a store, and writes to it, while this lives.
struct Inside {
    store: &'static MetricStore,
    previous: &'static MetricStore,
}

impl Inside {
    fn of(store: &'static MetricStore) -> Self {
        INSIDE.set(true);
        Self { store, previous: local::switch(store) }
    }

    fn run(&self, unit: &Unit, interval: Duration) -> Vec<SamplerReport> {
        // A sampler that changed the thread's store is not to move the next one's values.
        local::switch(self.store);
        unit.run(self.store, interval)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        local::switch(self.previous);
        INSIDE.set(false);
    }
}
