//! The traces that wait for their local root.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use crate::id::TraceId;
use crate::record::SpanRecord;

/// The most spans held in all.
const MAX_SPANS: usize = 10_000;

/// Spans by trace, in the order in which the traces came.
#[derive(Default)]
pub(super) struct Held {
    /// By the number of their arrival, so the first is the oldest.
    traces: BTreeMap<u64, Trace>,
    numbers: HashMap<TraceId, u64>,
    arrivals: u64,
    spans: usize,
}

struct Trace {
    id: TraceId,
    since: Instant,
    spans: Vec<SpanRecord>,
}

impl Held {
    pub(super) const fn span_count(&self) -> usize {
        self.spans
    }

    /// Holds spans; returns the traces that are complete or have to give way, each as its spans.
    ///
    /// All of the spans are taken in before any is returned, since a child may come after its root.
    pub(super) fn add(&mut self, spans: &[SpanRecord], now: Instant) -> Vec<Vec<SpanRecord>> {
        let mut leaving = Vec::new();
        let mut complete = Vec::new();
        for span in spans {
            self.hold(span, now);
            if span.local_root {
                complete.push(span.trace_id);
            }
            if self.spans > MAX_SPANS {
                leaving.extend(self.take_oldest());
            }
        }
        leaving.extend(complete.into_iter().filter_map(|id| self.take(id)));
        leaving
    }

    /// The traces whose first span came before a moment.
    pub(super) fn take_older_than(&mut self, moment: Instant) -> Vec<Vec<SpanRecord>> {
        let mut taken = Vec::new();
        while self.traces.first_key_value().is_some_and(|(_, trace)| trace.since <= moment) {
            taken.extend(self.take_oldest());
        }
        taken
    }

    /// Everything.
    pub(super) fn take_all(&mut self) -> Vec<Vec<SpanRecord>> {
        std::iter::from_fn(|| self.take_oldest()).collect()
    }

    fn hold(&mut self, span: &SpanRecord, now: Instant) {
        let number = *self.numbers.entry(span.trace_id).or_insert_with(|| {
            self.arrivals += 1;
            self.arrivals
        });
        let trace = self.traces.entry(number).or_insert_with(|| Trace {
            id: span.trace_id,
            since: now,
            spans: Vec::new(),
        });
        trace.spans.push(span.clone());
        self.spans += 1;
    }

    fn take(&mut self, id: TraceId) -> Option<Vec<SpanRecord>> {
        let number = self.numbers.remove(&id)?;
        let trace = self.traces.remove(&number)?;
        self.spans -= trace.spans.len();
        Some(trace.spans)
    }

    fn take_oldest(&mut self) -> Option<Vec<SpanRecord>> {
        let id = self.traces.first_key_value()?.1.id;
        self.take(id)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::sink::fixtures::span;

    fn ids(traces: &[Vec<SpanRecord>]) -> Vec<Vec<u64>> {
        traces.iter().map(|spans| spans.iter().map(|s| s.span_id.to_u64()).collect()).collect()
    }

    #[test]
    fn a_trace_leaves_with_its_local_root_and_children_of_the_same_batch() {
        let mut held = Held::default();
        let now = Instant::now();
        assert!(held.add(&[span(1, 2, 1, "child", 0, 1), span(2, 9, 8, "other", 0, 1)], now).is_empty());
        let left = held.add(&[span(1, 1, 0, "root", 0, 3), span(1, 3, 1, "late", 1, 1)], now);
        assert_eq!(ids(&left), [[2, 1, 3]]);
        assert_eq!(held.span_count(), 1);
    }

    #[test]
    fn a_trace_without_its_root_leaves_in_time() {
        let mut held = Held::default();
        let start = Instant::now();
        held.add(&[span(1, 2, 1, "a", 0, 1)], start);
        held.add(&[span(2, 3, 1, "b", 0, 1)], start + Duration::from_secs(1));
        held.add(&[span(1, 4, 1, "c", 0, 1)], start + Duration::from_secs(2));
        assert_eq!(ids(&held.take_older_than(start)), [[2, 4]]);
        assert_eq!(ids(&held.take_all()), [[3]]);
        assert_eq!(held.span_count(), 0);
    }

    #[test]
    fn the_oldest_trace_leaves_when_too_much_is_held() {
        let mut held = Held::default();
        let spans: Vec<_> = (1..=MAX_SPANS as u64 + 5)
            .map(|i| span(u128::from(i.div_ceil(4)), i, i + 100_000, "s", 0, 1))
            .collect();
        let left = held.add(&spans, Instant::now());
        assert_eq!(ids(&left), [[1, 2, 3, 4], [5, 6, 7, 8]]);
        assert!(held.span_count() <= MAX_SPANS);
    }
}
