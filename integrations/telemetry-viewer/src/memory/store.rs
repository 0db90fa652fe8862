//! The latest traces.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use telemetry_core::TraceId;

use crate::span::{Span, Trace};

/// Traces in the order in which something of them came last; past the limit the one that was quiet for longest goes.
#[derive(Debug)]
pub(super) struct Store {
    max_spans: usize,
    traces: HashMap<TraceId, Kept>,
    /// By the number of their latest arrival, so the first is the quietest.
    order: BTreeMap<u64, TraceId>,
    arrivals: u64,
    spans: usize,
    evicted: u64,
}

#[derive(Debug)]
struct Kept {
    arrival: u64,
    trace: Arc<Trace>,
}

impl Store {
    pub(super) fn new(max_spans: usize) -> Self {
        Self { max_spans, traces: HashMap::new(), order: BTreeMap::new(), arrivals: 0, spans: 0, evicted: 0 }
    }

    pub(super) fn add(&mut self, id: TraceId, span: Span) {
        self.arrivals += 1;
        let arrival = self.arrivals;
        let kept = self.traces.entry(id).or_insert_with(|| Kept {
            arrival,
            trace: Arc::new(Trace { id, spans: Vec::new(), left_out: 0 }),
        });
        self.order.remove(&kept.arrival);
        kept.arrival = arrival;
        self.order.insert(arrival, id);
        // Copied only while somebody reads it.
        Arc::make_mut(&mut kept.trace).spans.push(Arc::new(span));
        self.spans += 1;
        while self.spans > self.max_spans && self.evict(id) {}
    }

    /// Lets the quietest trace go; where there is only the one that is growing, its latest span.
    fn evict(&mut self, growing: TraceId) -> bool {
        let Some((&arrival, &id)) = self.order.first_key_value() else { return false };
        if id == growing {
            let Some(kept) = self.traces.get_mut(&id) else { return false };
            let trace = Arc::make_mut(&mut kept.trace);
            if trace.spans.pop().is_none() {
                return false;
            }
            trace.left_out += 1;
            self.spans -= 1;
            self.evicted += 1;
            return true;
        }
        self.order.remove(&arrival);
        if let Some(kept) = self.traces.remove(&id) {
            self.spans -= kept.trace.spans.len();
            self.evicted += kept.trace.spans.len() as u64;
        }
        true
    }

    /// All traces; cheap, so that nobody waits long for the lock.
    pub(super) fn traces(&self) -> Vec<Arc<Trace>> {
        self.traces.values().map(|kept| Arc::clone(&kept.trace)).collect()
    }

    pub(super) fn trace(&self, id: TraceId) -> Option<Arc<Trace>> {
        self.traces.get(&id).map(|kept| Arc::clone(&kept.trace))
    }

    pub(super) const fn max_spans(&self) -> usize {
        self.max_spans
    }

    pub(super) const fn span_count(&self) -> usize {
        self.spans
    }

    pub(super) fn trace_count(&self) -> usize {
        self.traces.len()
    }

    /// How many spans had to go since the start.
    pub(super) const fn evicted(&self) -> u64 {
        self.evicted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::fixtures::span;

    fn store(max: usize, spans: &[(u128, u64)]) -> Store {
        let mut store = Store::new(max);
        for &(trace, id) in spans {
            store.add(TraceId::new(trace).unwrap(), (*span((id, 0, id, id + 1, "s"))).clone());
        }
        store
    }

    fn kept(store: &Store) -> Vec<(u128, usize)> {
        let mut kept: Vec<_> =
            store.traces().iter().map(|trace| (trace.id.to_u128(), trace.spans.len())).collect();
        kept.sort_unstable();
        kept
    }

    #[test]
    fn the_quietest_trace_makes_room_whole() {
        let store = store(4, &[(1, 1), (2, 2), (1, 3), (3, 4), (3, 5)]);
        assert_eq!(kept(&store), [(1, 2), (3, 2)]);
        assert_eq!((store.span_count(), store.trace_count(), store.evicted()), (4, 2, 1));
    }

    #[test]
    fn a_trace_larger_than_the_store_loses_what_comes_later_and_says_so() {
        let store = store(2, &[(9, 1), (1, 1), (1, 2), (1, 3), (1, 4)]);
        assert_eq!(kept(&store), [(1, 2)]);
        assert_eq!(store.evicted(), 3);
        assert_eq!(store.trace(TraceId::new(1).unwrap()).unwrap().left_out, 2);
    }

    #[test]
    fn a_reader_keeps_what_it_has_while_the_trace_grows() {
        let mut store = store(10, &[(1, 1)]);
        let read = store.trace(TraceId::new(1).unwrap()).unwrap();
        store.add(read.id, (*span((2, 1, 2, 3, "later"))).clone());
        assert_eq!((read.spans.len(), kept(&store)), (1, vec![(1, 2)]));
    }
}
