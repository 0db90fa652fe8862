//! Where spans are drawn: below their parents where they fit, side by side where they do not.

use std::cmp::Reverse;

use crate::id::SpanId;
use crate::record::SpanRecord;

/// The lanes of the file, each with the time until which it is taken.
#[derive(Debug, Default)]
pub(super) struct Lanes(Vec<u64>);

/// A lane of one trace.
#[derive(Default)]
struct Lane {
    start: u64,
    end: u64,
    /// The spans that are open at the moment, each inside the one before.
    open: Vec<(SpanId, u64)>,
}

impl Lanes {
    /// Gives each span of a trace its lane, counted from 1, by their starts.
    ///
    /// In a lane a span lies inside another one only when that is its parent, so that nothing looks like a child that is
    /// none.
    pub(super) fn place<'a>(&mut self, spans: &'a [SpanRecord]) -> Vec<(&'a SpanRecord, usize)> {
        let mut by_start: Vec<&SpanRecord> = spans.iter().collect();
        by_start.sort_by_key(|span| (span.start_unix_nanos, Reverse(span.duration_nanos)));
        let mut lanes: Vec<Lane> = Vec::new();
        let placed: Vec<_> = by_start
            .into_iter()
            .map(|span| {
                let lane = find(&mut lanes, span);
                let (start, end) = (span.start_unix_nanos, span.end_unix_nanos());
                if lane == lanes.len() {
                    lanes.push(Lane { start, ..Lane::default() });
                }
                lanes[lane].end = lanes[lane].end.max(end);
                lanes[lane].open.push((span.span_id, end));
                (span, lane)
            })
            .collect();
        let numbers: Vec<usize> = lanes.iter().map(|lane| self.take(lane)).collect();
        placed.into_iter().map(|(span, lane)| (span, numbers[lane] + 1)).collect()
    }

    /// The first lane that is free by the time this one begins.
    fn take(&mut self, lane: &Lane) -> usize {
        let free = self.0.iter().position(|taken_until| *taken_until <= lane.start);
        let number = free.unwrap_or(self.0.len());
        if number == self.0.len() {
            self.0.push(0);
        }
        self.0[number] = lane.end;
        number
    }
}

/// The lane a span fits in: its parent's, else one in which nothing is open, else a new one.
fn find(lanes: &mut [Lane], span: &SpanRecord) -> usize {
    for lane in lanes.iter_mut() {
        while lane.open.last().is_some_and(|(_, end)| *end <= span.start_unix_nanos) {
            lane.open.pop();
        }
    }
    let within = |lane: &Lane| {
        lane.open
            .last()
            .is_some_and(|(id, end)| Some(*id) == span.parent_span_id && span.end_unix_nanos() <= *end)
    };
    let parents = lanes.iter().position(within);
    parents.or_else(|| lanes.iter().position(|lane| lane.open.is_empty())).unwrap_or(lanes.len())
}
