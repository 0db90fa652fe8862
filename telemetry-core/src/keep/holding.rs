//! Spans in the drain's hands whose traces are not decided yet.
//!
//! A pass over the ring does not read spans in the order in which they ended: what ended before a local root may be read
//! after it. So a root is judged when a pass has ended that began after the root was read.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};

use super::counts::{Counts, Early};
use super::policy::{KeepTraces, Reason};
use super::remembered::Remembered;
use super::undecided::{End, Undecided};
use crate::context::SpanContext;
use crate::forking::generation;
use crate::id::{SpanId, TraceId};
use crate::record::SpanRecord;

/// Traces that are remembered: kept ones, and others of which a local root was judged.
const REMEMBERED_TRACES: usize = 16_384;
/// Dropped spans that are remembered.
const REMEMBERED_SPANS: usize = 65_536;

/// What waits for a decision, and what has been decided of late.
#[derive(Debug)]
pub(crate) struct Holding {
    policy: KeepTraces,
    /// The process whose spans these are.
    generation: u64,
    traces: HashMap<TraceId, Undecided>,
    /// The traces by how long they wait, each with its number; some may have been decided.
    order: VecDeque<(TraceId, u64)>,
    next_number: u64,
    /// Spans in `traces`.
    held: usize,
    /// Local roots that the pass under way has read.
    ended: Vec<(TraceId, SpanId)>,
    /// Those read before it began.
    due: Vec<(TraceId, SpanId)>,
    /// Spans that the pass under way has dropped because their traces had been decided; others wait in those traces.
    late: Vec<(TraceId, SpanId)>,
    /// Spans to be handed out.
    ready: VecDeque<SpanRecord>,
    kept: Remembered<TraceId>,
    /// Traces with a local root that was not kept.
    judged: Remembered<TraceId>,
    dropped: Remembered<SpanId>,
    /// The pipeline is being shut down: nothing waits any more.
    concluded: bool,
}

/// Where what happens is counted.
#[derive(Clone, Copy)]
pub(crate) struct Ledger<'a> {
    pub(crate) counts: &'a Counts,
    /// Spans dropped because their traces were neither slow nor failed.
    pub(crate) not_kept: &'a AtomicU64,
}

impl Ledger<'_> {
    fn dropped(&self, spans: usize) {
        // Release: pairs with the Acquire in `Pipeline::accounting`, as for spans that are taken.
        self.not_kept.fetch_add(spans as u64, Ordering::Release);
    }
}

impl Holding {
    pub(crate) fn new(policy: KeepTraces) -> Self {
        Self {
            policy,
            generation: generation(),
            traces: HashMap::new(),
            order: VecDeque::new(),
            next_number: 0,
            held: 0,
            ended: Vec::new(),
            due: Vec::new(),
            late: Vec::new(),
            ready: VecDeque::new(),
            kept: Remembered::new(REMEMBERED_TRACES),
            judged: Remembered::new(REMEMBERED_TRACES),
            dropped: Remembered::new(REMEMBERED_SPANS),
            concluded: false,
        }
    }

    /// Forgets what is its parent's, in the child of a fork.
    pub(crate) fn settle_in(&mut self) {
        if self.generation != generation() {
            *self = Self::new(self.policy);
        }
    }

    /// Nothing is to wait from here on.
    pub(crate) const fn conclude(&mut self) {
        self.concluded = true;
    }

    /// Gives everything up, for another policy; returns how many spans that were.
    pub(crate) fn abandon(&mut self) -> usize {
        let spans = self.held + self.ready.len();
        *self = Self::new(self.policy);
        spans
    }

    /// A pass over the ring begins.
    pub(crate) fn pass_begins(&mut self) {
        self.due.append(&mut self.ended);
    }

    /// Takes a span that the pass has read. One whose trace the sampler wanted goes on at once.
    pub(crate) fn take(&mut self, span: SpanRecord, now: u64, ledger: Ledger<'_>) {
        let is_sampled = span.trace_flags & SpanContext::SAMPLED != 0;
        if is_sampled || self.kept.contains(&span.trace_id) {
            self.ready.push_back(span);
        } else if self.is_under_dropped(&span) {
            self.drop_late(&span, ledger);
        } else {
            self.hold(span, now);
            while self.held > self.policy.spans() {
                let Some(trace) = self.oldest() else { break };
                self.decide_early(trace, Early::Full, now, ledger);
            }
        }
    }

    /// A pass over the ring has ended: judges the local roots that had been read when it began, and what is too old.
    pub(crate) fn pass_ended(&mut self, now: u64, ledger: Ledger<'_>) {
        for (trace, parents) in by_trace(std::mem::take(&mut self.late)) {
            self.drop_below(trace, &parents, ledger);
        }
        for (trace, roots) in by_trace(std::mem::take(&mut self.due)) {
            self.judge(trace, &roots, ledger);
        }
        while let Some(trace) = self.oldest()
            && self.traces.get(&trace).is_some_and(|held| held.waited(now) >= self.policy.age_nanos())
        {
            self.decide_early(trace, Early::Age, now, ledger);
        }
        if self.order.len() > 2 * self.traces.len() + 1_024 {
            let traces = &self.traces;
            self.order.retain(|(trace, number)| traces.get(trace).is_some_and(|held| held.number == *number));
        }
        ledger.counts.set_undecided(self.held);
    }

    /// Whether one more pass decides something.
    pub(crate) const fn awaits_pass(&self) -> bool {
        !self.ended.is_empty()
    }

    /// Whether there are spans to be handed out.
    pub(crate) fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Hands out up to `max` spans; returns how many.
    pub(crate) fn hand_out(&mut self, max: usize, out: &mut Vec<SpanRecord>) -> usize {
        let count = max.min(self.ready.len());
        out.extend(self.ready.drain(..count));
        count
    }

    /// Decides what still waits, if nothing is to wait any more.
    pub(crate) fn finish(&mut self, now: u64, ledger: Ledger<'_>) {
        if self.concluded {
            while let Some(trace) = self.oldest() {
                self.decide_early(trace, Early::Shutdown, now, ledger);
            }
            ledger.counts.set_undecided(self.held);
        }
    }

    /// A local root stands for itself, whatever became of a span above it.
    fn is_under_dropped(&self, span: &SpanRecord) -> bool {
        !span.local_root && span.parent_span_id.is_some_and(|parent| self.dropped.contains(&parent))
    }

    fn hold(&mut self, span: SpanRecord, now: u64) {
        let trace = span.trace_id;
        let undecided = self.traces.entry(trace).or_insert_with(|| {
            self.next_number += 1;
            self.order.push_back((trace, self.next_number));
            let judged = self.judged.contains(&trace);
            Undecided::new(self.next_number, now, span.duration_nanos, judged)
        });
        if span.local_root {
            self.ended.push((trace, span.span_id));
        }
        undecided.spans.push(span);
        self.held += 1;
    }

    /// The trace that waits longest.
    fn oldest(&mut self) -> Option<TraceId> {
        while let Some(&(trace, number)) = self.order.front() {
            if self.traces.get(&trace).is_some_and(|held| held.number == number) {
                return Some(trace);
            }
            self.order.pop_front();
        }
        None
    }

    /// Decides what is under local roots that have ended, of one trace.
    fn judge(&mut self, trace: TraceId, roots: &HashSet<SpanId>, ledger: Ledger<'_>) {
        let Some(held) = self.traces.get_mut(&trace) else { return };
        let ended: Vec<&SpanRecord> =
            held.spans.iter().filter(|span| span.local_root && roots.contains(&span.span_id)).collect();
        let is_slow = ended.iter().any(|root| self.policy.is_slow(root.duration_nanos));
        // Nothing of a trace that began here is outside its first root.
        let all = ended.iter().any(|root| root.parent_span_id.is_none());
        let belongs = |end: &End| all || matches!(end, End::Root(root) if roots.contains(root));
        let mine: Vec<bool> = held.ends().iter().map(belongs).collect();
        if held.spans.iter().zip(&mine).any(|(span, mine)| *mine && self.policy.is_failure(span)) {
            return self.keep(trace, Reason::Failed, ledger);
        }
        if is_slow {
            return self.keep(trace, Reason::Slow, ledger);
        }
        held.judged = true;
        self.judged.insert(trace);
        self.discard_of(trace, mine, ledger);
    }

    /// Decides a trace by what is known of it.
    fn decide_early(&mut self, trace: TraceId, why: Early, now: u64, ledger: Ledger<'_>) {
        let Some(held) = self.traces.get(&trace) else { return };
        ledger.counts.early(why);
        if held.spans.iter().any(|span| self.policy.is_failure(span)) {
            self.keep(trace, Reason::Failed, ledger);
        } else if !held.judged && self.policy.is_slow(held.lasted(now)) {
            self.keep(trace, Reason::Slow, ledger);
        } else if let Some(held) = self.traces.remove(&trace) {
            self.discard(&held.spans, ledger);
        }
    }

    /// Keeps a trace: what waits, and what is still to come.
    fn keep(&mut self, trace: TraceId, reason: Reason, ledger: Ledger<'_>) {
        if let Some(held) = self.traces.remove(&trace) {
            ledger.counts.kept(reason);
            self.kept.insert(trace);
            self.held -= held.spans.len();
            self.ready.extend(held.spans);
        }
    }

    /// Drops the spans of a trace that are marked.
    fn discard_of(&mut self, trace: TraceId, marked: Vec<bool>, ledger: Ledger<'_>) {
        let Some(held) = self.traces.get_mut(&trace) else { return };
        let mut marked = marked.into_iter();
        let gone: Vec<SpanRecord> = held.spans.extract_if(.., |_| marked.next().unwrap_or(false)).collect();
        if held.spans.is_empty() {
            self.traces.remove(&trace);
        }
        self.discard(&gone, ledger);
    }

    /// Drops spans that have waited, and remembers them for those below that are still open.
    fn discard(&mut self, spans: &[SpanRecord], ledger: Ledger<'_>) {
        self.held -= spans.len();
        ledger.dropped(spans.len());
        for span in spans {
            self.dropped.insert(span.span_id);
        }
    }

    /// Drops a span that ended after its trace was decided. What waits below it goes with the end of the pass, with what
    /// is below all others: by itself each would have the whole trace looked through.
    fn drop_late(&mut self, span: &SpanRecord, ledger: Ledger<'_>) {
        ledger.dropped(1);
        self.dropped.insert(span.span_id);
        if self.traces.contains_key(&span.trace_id) {
            self.late.push((span.trace_id, span.span_id));
        }
    }

    /// Drops what waits below spans that were dropped.
    fn drop_below(&mut self, trace: TraceId, parents: &HashSet<SpanId>, ledger: Ledger<'_>) {
        let Some(held) = self.traces.get(&trace) else { return };
        let is_below = |end: End| matches!(end, End::Outside(parent) if parents.contains(&parent));
        let below = held.ends().into_iter().map(is_below).collect();
        self.discard_of(trace, below, ledger);
    }
}

/// Local roots, or other spans, by their traces, in the order of the first of each: those of one trace are judged together,
/// so that one with many costs no more than many with one.
fn by_trace(spans: impl IntoIterator<Item = (TraceId, SpanId)>) -> Vec<(TraceId, HashSet<SpanId>)> {
    let mut places = HashMap::new();
    let mut traces: Vec<(TraceId, HashSet<SpanId>)> = Vec::new();
    for (trace, span) in spans {
        let place = *places.entry(trace).or_insert(traces.len());
        if place == traces.len() {
            traces.push((trace, HashSet::new()));
        }
        traces[place].1.insert(span);
    }
    traces
}
