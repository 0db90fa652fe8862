//! The spans of one trace that wait for a decision.

use std::collections::HashMap;

use crate::id::SpanId;
use crate::record::SpanRecord;

/// What is known so far of a trace: its spans that have ended, in the order in which they were read.
#[derive(Debug)]
pub(super) struct Undecided {
    pub(super) spans: Vec<SpanRecord>,
    /// Tells it from an earlier one of the same trace.
    pub(super) number: u64,
    /// When the first of its spans was read, by the pipeline's clock.
    since_nanos: u64,
    /// How long that one had lasted.
    first_nanos: u64,
    /// A local root of this trace has been decided: what is left may belong to none that is still open.
    pub(super) judged: bool,
}

impl Undecided {
    pub(super) const fn new(number: u64, now: u64, first_nanos: u64, judged: bool) -> Self {
        Self { spans: Vec::new(), number, since_nanos: now, first_nanos, judged }
    }

    pub(super) const fn waited(&self, now: u64) -> u64 {
        now.saturating_sub(self.since_nanos)
    }

    /// For how long its local root has been open at the least: it was when the first span began, and has not ended.
    pub(super) const fn open_for(&self, now: u64) -> u64 {
        self.waited(now).saturating_add(self.first_nanos)
    }

    /// Which of the spans belong to a root: all of them where the trace began with it, else those whose parents lead there.
    pub(super) fn under(&self, root: SpanId) -> Vec<bool> {
        let places: HashMap<SpanId, usize> =
            self.spans.iter().enumerate().map(|(place, span)| (span.span_id, place)).collect();
        let began_here = places.get(&root).is_some_and(|&place| self.spans[place].parent_span_id.is_none());
        let mut known: Vec<Option<bool>> = vec![began_here.then_some(true); self.spans.len()];
        let mut path = Vec::new();
        for place in 0..self.spans.len() {
            let mut at = place;
            let belongs = loop {
                if let Some(known) = known[at] {
                    break known;
                }
                let span = &self.spans[at];
                // Noted at once, so that parents in a circle, which only strangers can make, come to an end.
                known[at] = Some(span.span_id == root);
                path.push(at);
                // Another local root is judged by itself.
                if span.span_id == root || span.local_root {
                    break span.span_id == root;
                }
                match span.parent_span_id.and_then(|parent| places.get(&parent)) {
                    Some(&parent) => at = parent,
                    None => break span.parent_span_id == Some(root),
                }
            };
            path.drain(..).for_each(|place| known[place] = Some(belongs));
        }
        known.into_iter().map(|known| known.unwrap_or(false)).collect()
    }
}
