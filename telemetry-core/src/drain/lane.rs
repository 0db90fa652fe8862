//! One sink's bounded queue and its exact accounting.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Instant;

use crate::metric::snapshot::MetricsSnapshot;
use crate::record::SpanRecord;
use crate::sink::{LossReason, Losses, Sink};

use super::delivery::{Delivery, DeliveryOutcome};
use super::faults::Faults;
use super::health::{SinkHealth, SinkState};
use super::reason::DropReason;
use super::{lock, remaining};

/// The most metric snapshots waiting for one sink; the oldest gives way, since a later one says more.
const QUEUED_SNAPSHOTS: usize = 4;

/// A sink with its queue: the worker puts in, the sink's thread takes out, callers wait.
pub(super) struct Lane {
    name: String,
    queue_batches: usize,
    faults: Arc<Faults>,
    pub(super) state: Mutex<State>,
    /// Told when there is something to take out.
    pub(super) filled: Condvar,
    /// Told when something has been processed.
    pub(super) processed: Condvar,
    /// The sink itself, locked by its thread while it works; none once closed. It stands here rather than on that
    /// thread's stack so that the child of a fork, where the thread is gone, can take it over.
    pub(super) sink: Mutex<Option<Box<dyn Sink>>>,
}

/// One sink's accounting at one moment: taken = delivered + dropped + queued.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SinkFigures {
    /// The sink's name.
    pub sink: String,
    /// Spans taken from the ring for this sink.
    pub taken: u64,
    /// Spans in batches the sink accepted.
    pub delivered: u64,
    /// Spans it missed, by the number of the reason.
    pub(crate) dropped: [u64; DropReason::ALL.len()],
    /// Spans waiting or in the sink's hands.
    pub queued: u64,
    /// Calls that returned an error or panicked.
    pub errors: u64,
    /// Metric snapshots that gave way to a later one.
    pub replaced_snapshots: u64,
}

impl SinkFigures {
    /// Spans missed for any reason.
    pub fn dropped_total(&self) -> u64 {
        self.dropped.iter().sum()
    }

    /// Spans missed for each reason there is, as `telemetry_sink_spans_dropped_total` names it: `queue_full`, `error`,
    /// `panic`, `abandoned`, `refused`, `given_up`, `too_large`.
    pub fn dropped_by_reason(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        DropReason::ALL.into_iter().map(|reason| (reason.as_str(), self.dropped[reason as usize]))
    }
}

/// What a sink's thread is asked to do.
pub(super) enum Work {
    Spans(Arc<Vec<SpanRecord>>),
    Metrics(Arc<MetricsSnapshot>),
    Flush,
    Close,
}

/// How a call into the sink ended.
pub(super) enum CallResult {
    Fine,
    Failed(String),
    /// It lost a part and delivered the rest.
    Lost(Losses),
    Panicked(String),
}

/// What is known after a call into the sink.
pub(super) struct Called {
    pub(super) result: CallResult,
    /// Spans in the sink's hands.
    pub(super) held: u64,
}

pub(super) struct State {
    phase: SinkState,
    items: VecDeque<(u64, Work)>,
    batches: usize,
    /// The number of the last item put in, and of the last one processed.
    last_in: u64,
    last_out: u64,
    figures: SinkFigures,
    /// Faults of any kind so far, and the last one in words.
    fault_count: u64,
    last_fault: String,
    last_fault_at: Option<Instant>,
    /// Since when the sink's thread has had the item it is at, or has been starting the sink.
    pub(super) busy_since: Option<Instant>,
    /// The sink's thread, once it has come to its work.
    pub(super) thread: Option<ThreadId>,
    /// How many threads are forking the process: until they are done nothing is handed out.
    pub(super) forks: u32,
    /// Of the queued spans, those that the sink holds.
    held: u64,
}

impl State {
    fn push(&mut self, work: Work) -> u64 {
        self.last_in += 1;
        self.items.push_back((self.last_in, work));
        self.last_in
    }

    fn drop_spans(&mut self, spans: u64, reason: DropReason) {
        self.figures.dropped[reason as usize] += spans;
    }

    /// Books a batch that was lost in part; a sink cannot lose more than it was given.
    fn book_losses(&mut self, spans: u64, losses: &Losses) {
        let mut left = spans;
        for reason in LossReason::ALL {
            let lost = losses.of(reason).min(left);
            self.drop_spans(lost, reason.into());
            left -= lost;
        }
        self.figures.delivered += left;
    }

    fn note_fault(&mut self, fault: &str) {
        self.fault_count += 1;
        fault.clone_into(&mut self.last_fault);
        self.last_fault_at = Some(Instant::now());
    }

    fn ended(&self) -> bool {
        matches!(self.phase, SinkState::Closed | SinkState::Abandoned)
    }
}

impl Lane {
    pub(super) fn new(name: String, sink: Box<dyn Sink>, queue_batches: usize, faults: Arc<Faults>) -> Self {
        let state = State {
            phase: SinkState::Running,
            items: VecDeque::new(),
            batches: 0,
            last_in: 0,
            last_out: 0,
            figures: SinkFigures { sink: name.clone(), ..SinkFigures::default() },
            fault_count: 0,
            last_fault: String::new(),
            last_fault_at: None,
            busy_since: Some(Instant::now()),
            thread: None,
            forks: 0,
            held: 0,
        };
        Self {
            name,
            queue_batches: queue_batches.max(1),
            faults,
            state: Mutex::new(state),
            filled: Condvar::new(),
            processed: Condvar::new(),
            sink: Mutex::new(Some(sink)),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn figures(&self) -> SinkFigures {
        lock(&self.state).figures.clone()
    }

    pub(super) fn health(&self) -> SinkHealth {
        let state = lock(&self.state);
        SinkHealth {
            figures: state.figures.clone(),
            state: state.phase,
            queued_batches: state.batches,
            queue_capacity: self.queue_batches,
            busy_for: state.busy_since.map(|since| since.elapsed()),
            last_error: state.last_fault_at.map(|_| state.last_fault.clone()),
            since_last_error: state.last_fault_at.map(|at| at.elapsed()),
        }
    }

    pub(super) fn fault_count(&self) -> u64 {
        lock(&self.state).fault_count
    }

    /// Queues a batch, or counts it as dropped when the queue is full or the sink has ended.
    pub(super) fn push_spans(&self, batch: &Arc<Vec<SpanRecord>>) {
        let spans = batch.len() as u64;
        let mut state = lock(&self.state);
        state.figures.taken += spans;
        if state.phase != SinkState::Running {
            state.drop_spans(spans, DropReason::Abandoned);
        } else if state.batches >= self.queue_batches {
            state.drop_spans(spans, DropReason::QueueFull);
            let fault = format!("its queue of {} batches is full, {spans} spans dropped", self.queue_batches);
            state.note_fault(&fault);
            drop(state);
            self.report("queue full", &fault);
        } else {
            state.batches += 1;
            state.figures.queued += spans;
            state.push(Work::Spans(Arc::clone(batch)));
            self.filled.notify_one();
        }
    }

    /// Queues a snapshot; of those waiting the oldest gives way.
    pub(super) fn push_metrics(&self, snapshot: &Arc<MetricsSnapshot>) {
        let mut state = lock(&self.state);
        if state.phase != SinkState::Running {
            return;
        }
        let is_metrics = |(_, work): &(u64, Work)| matches!(work, Work::Metrics(_));
        if state.items.iter().filter(|item| is_metrics(item)).count() >= QUEUED_SNAPSHOTS
            && let Some(oldest) = state.items.iter().position(is_metrics)
        {
            state.items.remove(oldest);
            state.figures.replaced_snapshots += 1;
        }
        state.push(Work::Metrics(Arc::clone(snapshot)));
        self.filled.notify_one();
    }

    /// Queues a flush; returns the mark at which it is done.
    pub(super) fn push_flush(&self) -> u64 {
        let mut state = lock(&self.state);
        if state.phase != SinkState::Running {
            return state.last_in;
        }
        self.filled.notify_one();
        state.push(Work::Flush)
    }

    /// Queues the end: a flush and a close after all that waits; nothing is taken any more.
    pub(super) fn push_close(&self) {
        let mut state = lock(&self.state);
        if state.phase == SinkState::Running {
            state.phase = SinkState::Closing;
            state.push(Work::Flush);
            state.push(Work::Close);
            self.filled.notify_one();
        }
    }

    /// The mark at which everything queued so far is done.
    pub(super) fn mark(&self) -> u64 {
        lock(&self.state).last_in
    }

    /// Waits until a mark is reached; faults beyond `faults_before` make it a failure.
    pub(super) fn await_mark(&self, mark: u64, faults_before: u64, deadline: Option<Instant>) -> Delivery {
        self.wait(deadline, |state| {
            if state.last_out >= mark {
                Some(outcome_since(state, faults_before))
            } else {
                state.ended().then_some(DeliveryOutcome::Closed)
            }
        })
    }

    /// Waits until the sink is closed; faults beyond `faults_before` make it a failure.
    pub(super) fn await_closed(&self, faults_before: u64, deadline: Option<Instant>) -> Delivery {
        self.wait(deadline, |state| state.ended().then(|| outcome_since(state, faults_before)))
    }

    /// Gives the sink's thread up: what it holds counts as dropped, whatever it does later counts no more.
    pub(super) fn abandon(&self) {
        let mut state = lock(&self.state);
        if state.ended() {
            return;
        }
        state.phase = SinkState::Abandoned;
        let lost = std::mem::take(&mut state.figures.queued);
        state.drop_spans(lost, DropReason::Abandoned);
        let items = std::mem::take(&mut state.items);
        let fault = format!("still busy at the deadline of the shutdown, abandoned with {lost} spans");
        state.note_fault(&fault);
        self.processed.notify_all();
        self.filled.notify_one();
        drop(state);
        drop(items);
        self.report("abandoned", &fault);
    }

    /// The sink's thread is this one.
    pub(super) fn bind(&self) {
        lock(&self.state).thread = Some(thread::current().id());
    }

    /// The sink's thread has started the sink.
    pub(super) fn started(&self) {
        lock(&self.state).busy_since = None;
        self.processed.notify_all();
    }

    /// The next item for the sink's thread; none when the sink was abandoned.
    pub(super) fn next(&self) -> Option<(u64, Work)> {
        let mut state = lock(&self.state);
        loop {
            if state.phase == SinkState::Abandoned {
                return None;
            }
            if state.forks == 0
                && let Some(item) = state.items.pop_front()
            {
                if matches!(item.1, Work::Spans(_)) {
                    state.batches -= 1;
                }
                state.busy_since = Some(Instant::now());
                return Some(item);
            }
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Books the end of an item that held `spans` spans.
    pub(super) fn finish(&self, number: u64, spans: u64, called: &Called) {
        let mut state = lock(&self.state);
        if state.phase == SinkState::Abandoned {
            return;
        }
        // What it had in its hands, and what has left them with this call.
        let had = state.held + spans;
        state.held = called.held.min(had);
        let gone = had - state.held;
        state.figures.queued -= gone;
        match &called.result {
            CallResult::Fine => state.figures.delivered += gone,
            CallResult::Failed(_) => state.drop_spans(gone, DropReason::Error),
            CallResult::Lost(losses) => state.book_losses(gone, losses),
            CallResult::Panicked(_) => state.drop_spans(gone, DropReason::Panic),
        }
        state.last_out = number;
        state.busy_since = None;
        self.processed.notify_all();
    }

    /// Counts and reports a call that failed; `what` says what the sink was doing.
    pub(super) fn fault(&self, what: &str, result: &CallResult) {
        let (kind, fault) = match result {
            CallResult::Fine => return,
            CallResult::Failed(error) => ("error", format!("could not {what}: {error}")),
            CallResult::Lost(losses) => ("lost", format!("could not {what} in full: {losses}")),
            CallResult::Panicked(message) => ("panic", format!("panicked while it was to {what}: {message}")),
        };
        {
            let mut state = lock(&self.state);
            state.figures.errors += 1;
            state.note_fault(&fault);
        }
        self.report(kind, &fault);
    }

    /// The sink's thread has ended.
    pub(super) fn closed(&self) {
        let mut state = lock(&self.state);
        if state.phase != SinkState::Abandoned {
            state.phase = SinkState::Closed;
            // What it held beyond its close goes with it.
            let lost = std::mem::take(&mut state.figures.queued);
            state.drop_spans(lost, DropReason::Abandoned);
        }
        self.processed.notify_all();
    }

    fn wait(&self, deadline: Option<Instant>, done: impl Fn(&State) -> Option<DeliveryOutcome>) -> Delivery {
        let mut state = lock(&self.state);
        let outcome = loop {
            if let Some(outcome) = done(&state) {
                break outcome;
            }
            let left = remaining(deadline);
            if left.is_zero() {
                break DeliveryOutcome::TimedOut;
            }
            state = self.processed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        };
        Delivery { sink: self.name.clone(), outcome }
    }

    fn report(&self, kind: &str, fault: &str) {
        self.faults.report(&format!("sink {}: {kind}", self.name), &format!("sink {}: {fault}", self.name));
    }
}

fn outcome_since(state: &State, faults_before: u64) -> DeliveryOutcome {
    if state.fault_count > faults_before {
        DeliveryOutcome::Failed(state.last_fault.clone())
    } else {
        DeliveryOutcome::Done
    }
}
