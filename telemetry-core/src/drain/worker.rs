//! The worker's loop: samplers and metrics, spans in batches, fan-out.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, OnceLock, TryLockError};
use std::time::{Duration, Instant};

use crate::caught::said;
use crate::forking;
use crate::metric::snapshot::MetricFamily;
use crate::record::SpanRecord;
use crate::sink::{Sink, SinkContext, Warnings};

use super::delivery::{Delivery, DrainStartError, ShutdownError};
use super::figures::{self, TickDurations};
use super::health::DrainHealth;
use super::lane::Lane;
use super::options::Options;
use super::progress::Progress;
use super::sink_thread;
use super::waker::Waker;
use super::{Source, lock};

/// Batches whose memory is kept for the next ones.
const KEPT_BATCHES: usize = 4;

/// What the worker and the callers share.
pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) waker: Waker,
    pub(super) progress: Progress,
    /// The result of the first shutdown; locked for as long as it takes.
    pub(super) shutdown: Mutex<Option<Result<Vec<Delivery>, ShutdownError>>>,
    source: Arc<dyn Source>,
    lanes: Mutex<Lanes>,
    /// Locked while spans are handed out.
    scratch: Mutex<Scratch>,
    tick_durations: TickDurations,
    started: Instant,
}

#[derive(Default)]
struct Lanes {
    list: Vec<Arc<Lane>>,
    closed: bool,
}

/// What the worker makes batches in.
#[derive(Default)]
struct Scratch {
    /// The next batch. What a panic of the source left in it goes with what comes after.
    next: Vec<SpanRecord>,
    /// Batches handed out, whose memory is used again once every sink is done with them: as much as a batch takes comes
    /// from the system page by page, and would go back to it.
    handed_out: VecDeque<Arc<Vec<SpanRecord>>>,
}

impl Scratch {
    /// Makes the spans gathered so far a batch.
    fn hand_out(&mut self) -> Arc<Vec<SpanRecord>> {
        let spare = self.spare();
        let batch = Arc::new(std::mem::replace(&mut self.next, spare));
        if self.handed_out.len() == KEPT_BATCHES {
            self.handed_out.pop_front();
        }
        self.handed_out.push_back(Arc::clone(&batch));
        batch
    }

    /// The memory of a batch that no sink holds any more.
    fn spare(&mut self) -> Vec<SpanRecord> {
        // The one used last is still in the caches.
        let done = self.handed_out.iter().rposition(|batch| Arc::strong_count(batch) == 1);
        let batch = done.and_then(|done| self.handed_out.remove(done));
        let mut spare = batch.and_then(Arc::into_inner).unwrap_or_default();
        spare.clear();
        spare
    }

    /// Forgets the spans that no sink holds any more.
    fn tidy(&mut self) {
        for batch in &mut self.handed_out {
            if let Some(batch) = Arc::get_mut(batch) {
                batch.clear();
            }
        }
    }
}

/// How much a tick does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tick {
    /// The spans alone.
    Spans,
    /// Metrics, then spans.
    Full,
    /// Spans, metrics, and the spans that have ended meanwhile.
    Last,
}

impl Shared {
    pub(super) fn new(options: Options, source: Arc<dyn Source>) -> Self {
        Self {
            options,
            waker: Waker::default(),
            progress: Progress::default(),
            shutdown: Mutex::new(None),
            source,
            lanes: Mutex::new(Lanes::default()),
            scratch: Mutex::new(Scratch::default()),
            tick_durations: TickDurations::default(),
            started: Instant::now(),
        }
    }

    pub(super) fn lanes(&self) -> Vec<Arc<Lane>> {
        lock(&self.lanes).list.clone()
    }

    pub(super) fn families(&self) -> Vec<MetricFamily> {
        let lanes: Vec<_> = self.lanes().iter().map(|lane| lane.figures()).collect();
        figures::families(&lanes, &self.tick_durations)
    }

    pub(super) fn health(&self) -> DrainHealth {
        let ticks = self.tick_durations.health();
        DrainHealth { uptime: self.started.elapsed(), interval: self.options.interval, ..ticks }
    }

    pub(super) fn add_sink(&self, mut sink: Box<dyn Sink>) -> Result<String, DrainStartError> {
        if lock(&self.lanes).closed {
            return Err(DrainStartError::Stopped);
        }
        // The sink is the user's: it is asked with nothing locked, and its panics end nobody's start and no fork.
        let (named, wanted) = sink_thread::answered(|| sink.name().replace('\0', ""));
        let wanted = wanted.unwrap_or_else(|| "unnamed".to_owned());
        let goes_by = Arc::new(OnceLock::new());
        let context = self.context_of(wanted.clone(), Arc::clone(&goes_by));
        let (attached, _) = sink_thread::answered(|| sink.attach(&context));
        let mut lanes = lock(&self.lanes);
        if lanes.closed {
            return Err(DrainStartError::Stopped);
        }
        let name = goes_by.get_or_init(|| free_name(&lanes.list, &wanted)).clone();
        let faults = Arc::clone(&self.options.faults);
        let lane = Arc::new(Lane::new(name.clone(), sink, self.options.queue_batches, faults));
        sink_thread::spawn(Arc::clone(&lane), context, self.options.suppress)
            .map_err(|e| DrainStartError::thread(&sink_thread::thread_name(&name), &e))?;
        lanes.list.push(Arc::clone(&lane));
        drop(lanes);
        lane.fault("tell its name", &named);
        lane.fault("be attached", &attached);
        Ok(name)
    }

    /// What a sink is told that wants this name, and goes by another where that is taken.
    fn context_of(&self, wanted: String, goes_by: Arc<OnceLock<String>>) -> SinkContext {
        let faults = Arc::clone(&self.options.faults);
        let warnings = Warnings::to(move |message| {
            let kind = format!("sink {}: warning", goes_by.get().unwrap_or(&wanted));
            faults.report(&kind, &format!("{kind}: {message}"));
        });
        SinkContext { warnings, ..self.options.context.clone() }
    }

    /// Lets every sink finish what it holds, flush and close; no sink can be added any more.
    pub(super) fn close_lanes(&self) -> Vec<Arc<Lane>> {
        let mut lanes = lock(&self.lanes);
        if !std::mem::replace(&mut lanes.closed, true) {
            for lane in &lanes.list {
                lane.push_close();
            }
        }
        lanes.list.clone()
    }

    fn collect_metrics(&self) {
        let (snapshot, reports) = self.source.collect_metrics(self.families());
        for report in reports {
            self.options.faults.report(&report.kind, &report.line);
        }
        for lane in self.lanes() {
            lane.push_metrics(&snapshot);
        }
    }

    /// Hands out what is ready, batch by batch.
    fn drain_spans(&self) {
        self.guarded("spans", || self.hand_out(&mut lock(&self.scratch)));
    }

    /// Does the last drain in the place of a worker that is stuck elsewhere; nothing when it is stuck in this.
    pub(super) fn drain_spans_for_worker(&self) {
        let mut scratch = match self.scratch.try_lock() {
            Ok(scratch) => scratch,
            Err(TryLockError::Poisoned(scratch)) => scratch.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        self.guarded("spans", || {
            self.source.conclude();
            self.hand_out(&mut scratch);
        });
    }

    fn hand_out(&self, scratch: &mut Scratch) {
        let limit = self.source.capacity().saturating_mul(2).max(self.options.batch_spans);
        let mut taken = 0;
        while taken < limit {
            self.source.drain_spans(self.options.batch_spans, &mut scratch.next);
            if scratch.next.is_empty() {
                break;
            }
            taken += scratch.next.len();
            let batch = scratch.hand_out();
            for lane in self.lanes() {
                lane.push_spans(&batch);
            }
        }
        scratch.tidy();
        if taken >= limit {
            // Some may be ready still, and few enough that no producer wakes the worker for them.
            self.waker.wake();
        }
    }

    /// Runs one part of a tick; a panic in it (in a sampler, say) is reported and ends that part alone.
    fn guarded(&self, part: &str, run: impl FnOnce()) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
            let kind = format!("drain {part}");
            self.options.faults.report(&kind, &format!("drain: {part} panicked: {}", said(panic)));
        }
    }

    fn tick(&self, part: Tick) {
        let began = Instant::now();
        self.guarded("clock", || self.source.tick());
        if part == Tick::Last {
            // Whatever the metrics do, the spans are on their way.
            self.drain_spans();
        }
        if part != Tick::Spans {
            self.guarded("metrics", || self.collect_metrics());
        }
        if part == Tick::Last {
            self.guarded("spans", || self.source.conclude());
        }
        self.drain_spans();
        self.tick_durations.observe(began.elapsed());
    }

    fn run(&self) {
        self.waker.bind();
        self.progress.worker_begun();
        let mut next = Instant::now() + self.options.interval;
        loop {
            let woken = self.waker.take();
            let wishes = self.progress.wishes();
            let due = next.saturating_duration_since(Instant::now());
            if due.is_zero() || wishes.tick || wishes.stop {
                // The tick serves whatever woke the worker until now; wishes are read again before any wait.
                self.waker.take();
                self.progress.tick_started();
                self.tick(if wishes.stop { Tick::Last } else { Tick::Full });
                self.progress.tick_finished();
                next = next_tick(next, self.options.interval, Instant::now());
            } else if woken {
                // The ring is filling up: only the spans are urgent, samplers and metrics keep their interval.
                self.tick(Tick::Spans);
            } else {
                self.waker.wait(due);
                continue;
            }
            if wishes.stop {
                return;
            }
        }
    }
}

/// Starts the worker's thread.
pub(super) fn spawn(shared: &Arc<Shared>) -> io::Result<()> {
    let shared = Arc::clone(shared);
    forking::spawn("telemetry-drain", move || {
        shared.run();
        shared.close_lanes();
        shared.progress.worker_stopped();
    })
}

/// The time of the next tick: an interval after the one that was due, or after now when this one came early, on
/// request, or so late that others were missed.
fn next_tick(due: Instant, interval: Duration, now: Instant) -> Instant {
    let next = due.min(now) + interval;
    if next > now { next } else { now + interval }
}

fn free_name(lanes: &[Arc<Lane>], wanted: &str) -> String {
    let is_free = |name: &str| lanes.iter().all(|lane| lane.name() != name);
    // Of one name more than there are lanes, one at least is free.
    let numbered = (2..=lanes.len() + 2).map(|n| format!("{wanted}-{n}"));
    std::iter::once(wanted.to_owned())
        .chain(numbered)
        .find(|name| is_free(name))
        .unwrap_or_else(|| wanted.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_keep_their_rhythm_and_never_catch_up() {
        let second = Duration::from_secs(1);
        let due = Instant::now();
        let millis = |n| due + Duration::from_millis(n);
        assert_eq!(next_tick(due, second, millis(200)), millis(1000), "a little late");
        assert_eq!(next_tick(due, second, millis(5300)), millis(6300), "five missed");
        assert_eq!(next_tick(millis(900), second, millis(100)), millis(1100), "early, on request");
    }
}
