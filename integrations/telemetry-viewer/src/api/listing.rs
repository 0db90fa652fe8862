//! Looking through traces, within bounds.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::answer::Summary;
use super::parameters::{Listing, Order};
use crate::source::{Position, Source, SourceError};

/// After so long the answer is what was found by then.
const PATIENCE: Duration = Duration::from_secs(2);
/// The most spans that are looked at for one answer.
const MAX_SPANS: usize = 500_000;
/// The most matching traces that are put in an order other than that of time.
const ORDERED: usize = 1_000;

/// What was found.
#[derive(Debug, Serialize)]
pub(super) struct Listed {
    traces: Vec<Summary>,
    /// How many traces were looked at; none where a file was searched by its spans.
    searched: Option<usize>,
    /// Where to go on, by `before`; none when everything was looked at.
    next: Option<String>,
}

impl Listing {
    /// The latest traces that match. In another order than that of time it is the latest thousand matches that are put
    /// in order.
    pub(super) fn list(&self, source: &dyn Source) -> Result<Listed, SourceError> {
        let enough = if self.order == Order::Recent { self.limit } else { ORDERED };
        let begun = Instant::now();
        let (mut traces, mut searched, mut spans) = (Vec::new(), 0, 0);
        let mut next: Option<Position> = None;
        source.visit_traces(self.before, &self.search, &mut |position, trace| {
            if let Some(trace) = trace {
                searched += 1;
                spans += trace.spans.len();
                if self.search.meets(trace) {
                    traces.extend(Summary::of(trace));
                }
            }
            if traces.len() >= enough || spans >= MAX_SPANS || begun.elapsed() >= PATIENCE {
                next = Some(position);
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        match self.order {
            Order::Recent => {}
            // Stable: the latest first among equals.
            Order::Errors => traces.sort_by_key(|trace| std::cmp::Reverse(trace.errors)),
            Order::Slowest => traces.sort_by_key(|trace| std::cmp::Reverse(trace.duration_nanos)),
        }
        traces.truncate(self.limit);
        let searched = source.counts(&self.search).then_some(searched);
        Ok(Listed { traces, searched, next: next.map(Position::text) })
    }
}
