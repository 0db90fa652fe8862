//! The spans of a trace as rows: parents before their children, siblings in the order they began.

use std::collections::HashMap;
use std::sync::Arc;

use telemetry_core::SpanId;

use crate::span::Span;

/// A line of the waterfall.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) of: RowOf,
    /// How many rows it is below, zero for the top ones.
    pub(crate) depth: usize,
    /// The rows directly below.
    pub(crate) children: Vec<usize>,
}

/// What a row stands for.
#[derive(Clone, Debug)]
pub(crate) enum RowOf {
    Span(Arc<Span>),
    /// A span that is not here and whose children are: dropped, in another process, or not over yet.
    Missing(SpanId),
}

impl Row {
    pub(crate) fn span(&self) -> Option<&Span> {
        match &self.of {
            RowOf::Span(span) => Some(span),
            RowOf::Missing(_) => None,
        }
    }
}

/// The rows of spans, each span once, whatever their identifiers say: of spans with one identifier the first is the
/// parent, and spans that are each other's ancestors hang on the earliest of them.
///
/// A parent that is not here becomes a row of its own, unless its child is a local root: that one's parent is in
/// another process.
pub(crate) fn rows(spans: &[Arc<Span>]) -> Vec<Row> {
    let mut spans = spans.to_vec();
    // Stable, so that of spans that began together those that came first stay first; a parent is the longer one.
    spans.sort_by_key(|span| (span.start_unix_nanos, std::cmp::Reverse(span.duration_nanos)));
    Forest::new(spans).rows()
}

struct Forest {
    spans: Vec<Arc<Span>>,
    children: Vec<Vec<usize>>,
    /// Top rows in the order of time: spans, and parents that are not here with those below them.
    tops: Vec<(Option<SpanId>, Vec<usize>)>,
}

impl Forest {
    fn new(spans: Vec<Arc<Span>>) -> Self {
        let mut places: HashMap<SpanId, usize> = HashMap::with_capacity(spans.len());
        for (place, span) in spans.iter().enumerate() {
            places.entry(span.id).or_insert(place);
        }
        let mut children = vec![Vec::new(); spans.len()];
        let mut tops: Vec<(Option<SpanId>, Vec<usize>)> = Vec::new();
        let mut missing: HashMap<SpanId, usize> = HashMap::new();
        for (place, span) in spans.iter().enumerate() {
            match span.parent.map(|parent| (parent, places.get(&parent))) {
                Some((_, Some(&parent))) if parent != place => children[parent].push(place),
                Some((parent, None)) if !span.local_root => {
                    let top = *missing.entry(parent).or_insert(tops.len());
                    if top == tops.len() {
                        tops.push((Some(parent), Vec::new()));
                    }
                    tops[top].1.push(place);
                }
                _ => tops.push((None, vec![place])),
            }
        }
        Self { spans, children, tops }
    }

    fn rows(self) -> Vec<Row> {
        let mut rows = Vec::with_capacity(self.spans.len());
        let mut seen = vec![false; self.spans.len()];
        for (missing, below) in &self.tops {
            match missing {
                Some(id) => {
                    let top = rows.len();
                    rows.push(Row { of: RowOf::Missing(*id), depth: 0, children: Vec::new() });
                    for &place in below {
                        self.grow(place, Some(top), &mut rows, &mut seen);
                    }
                }
                None => below.iter().for_each(|&place| self.grow(place, None, &mut rows, &mut seen)),
            }
        }
        // What is left are circles, and what hangs on them.
        for place in 0..self.spans.len() {
            if !seen[place] {
                self.grow(place, None, &mut rows, &mut seen);
            }
        }
        rows
    }

    /// Adds a span and all below it. Not by recursion: a trace may be deeper than the stack.
    fn grow(&self, place: usize, parent: Option<usize>, rows: &mut Vec<Row>, seen: &mut [bool]) {
        let mut pending = vec![(place, parent)];
        while let Some((place, parent)) = pending.pop() {
            if std::mem::replace(&mut seen[place], true) {
                continue;
            }
            let row = rows.len();
            let depth = parent.map_or(0, |parent| rows[parent].depth + 1);
            rows.push(Row { of: RowOf::Span(Arc::clone(&self.spans[place])), depth, children: Vec::new() });
            if let Some(parent) = parent {
                rows[parent].children.push(row);
            }
            pending.extend(self.children[place].iter().rev().map(|&child| (child, Some(row))));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::fixtures::{span, spans};

    fn drawn(spans: &[Arc<Span>]) -> String {
        let line = |row: &Row| {
            let name = row.span().map_or("missing".to_owned(), |span| span.name.to_string());
            format!("{}{name}\n", "  ".repeat(row.depth))
        };
        rows(spans).iter().map(line).collect()
    }

    #[test]
    fn siblings_stand_in_the_order_they_began_below_their_parent() {
        let trace = spans(&[
            (3, 1, 50, 60, "late"),
            (2, 1, 10, 20, "early"),
            (4, 2, 11, 12, "leaf"),
            (1, 0, 0, 100, "root"),
        ]);
        assert_eq!(drawn(&trace), "root\n  early\n    leaf\n  late\n");
    }

    #[test]
    fn a_lost_parent_shows_as_a_gap_and_a_remote_one_does_not() {
        let mut trace = spans(&[(1, 0, 0, 100, "root"), (3, 2, 10, 20, "orphan"), (4, 2, 30, 40, "sister")]);
        assert_eq!(drawn(&trace), "root\nmissing\n  orphan\n  sister\n");
        for span in &mut trace {
            Arc::make_mut(span).local_root = true;
        }
        assert_eq!(drawn(&trace), "root\norphan\nsister\n");
    }

    #[test]
    fn circles_and_repeated_identifiers_lose_no_span() {
        let own_parent = spans(&[(1, 1, 0, 10, "self")]);
        assert_eq!(drawn(&own_parent), "self\n");
        let circle = spans(&[(1, 2, 0, 10, "one"), (2, 1, 1, 9, "two"), (3, 2, 2, 3, "leaf")]);
        assert_eq!(drawn(&circle), "one\n  two\n    leaf\n");
        let twice = spans(&[(1, 0, 0, 10, "first"), (1, 0, 1, 9, "second"), (2, 1, 2, 3, "leaf")]);
        assert_eq!(drawn(&twice), "first\n  leaf\nsecond\n");
    }

    #[test]
    fn a_trace_may_be_deeper_than_the_stack() {
        let chain: Vec<_> = (1..=200_000).map(|id| span((id, id - 1, id, 1_000_000, "s"))).collect();
        let rows = rows(&chain);
        assert_eq!(rows.len(), 200_000);
        assert_eq!(rows.last().unwrap().depth, 199_999);
    }
}
