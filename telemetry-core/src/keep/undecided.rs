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

/// Where the parents of a span lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// To a local root that waits as well.
    Root(SpanId),
    /// To a span that does not: it is still open, or gone.
    Outside(SpanId),
    /// In a circle.
    Nowhere,
}

impl Undecided {
    pub(super) const fn new(number: u64, now: u64, first_nanos: u64, judged: bool) -> Self {
        Self { spans: Vec::new(), number, since_nanos: now, first_nanos, judged }
    }

    pub(super) const fn waited(&self, now: u64) -> u64 {
        now.saturating_sub(self.since_nanos)
    }

    /// For how long its local root has lasted at the least: it was open when the first span began and when that was read,
    /// or it has been read itself.
    pub(super) fn lasted(&self, now: u64) -> u64 {
        let open = self.waited(now).saturating_add(self.first_nanos);
        self.spans.iter().filter(|span| span.local_root).map(|span| span.duration_nanos).fold(open, u64::max)
    }

    /// Where the parents of each span lead.
    pub(super) fn ends(&self) -> Vec<End> {
        let places: HashMap<SpanId, usize> =
            self.spans.iter().enumerate().map(|(place, span)| (span.span_id, place)).collect();
        let mut ends: Vec<Option<End>> = vec![None; self.spans.len()];
        let mut path = Vec::new();
        for place in 0..self.spans.len() {
            let mut at = place;
            let end = loop {
                if let Some(end) = ends[at] {
                    break end;
                }
                let span = &self.spans[at];
                // Noted at once, so that parents in a circle, which only strangers can make, come to an end.
                ends[at] = Some(End::Nowhere);
                path.push(at);
                match span.parent_span_id.filter(|_| !span.local_root) {
                    None => break End::Root(span.span_id),
                    Some(parent) => match places.get(&parent) {
                        Some(&place) => at = place,
                        None => break End::Outside(parent),
                    },
                }
            };
            path.drain(..).for_each(|place| ends[place] = Some(end));
        }
        ends.into_iter().map(|end| end.unwrap_or(End::Nowhere)).collect()
    }
}
