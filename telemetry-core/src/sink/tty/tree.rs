//! The spans of one trace in the order in which a tree shows them.

use std::collections::HashMap;

use crate::id::SpanId;
use crate::record::SpanRecord;

/// A row of the tree, in the order of drawing.
pub(crate) struct Row<'a> {
    pub(crate) node: Node<'a>,
    /// For each level down to this row: true when that ancestor, or the row itself, is the last of its siblings.
    /// Empty for the top level.
    pub(crate) lasts: Vec<bool>,
    /// The levels above it, also those that `lasts` has forgotten.
    pub(crate) depth: usize,
    pub(crate) has_children: bool,
}

/// What a row stands for.
#[derive(Clone, Copy)]
pub(crate) enum Node<'a> {
    /// A span that is here.
    Span(&'a SpanRecord),
    /// A span that others name as their parent and that is not here: still open, lost, or drawn before.
    Missing(SpanId),
}

/// The deepest level whose ancestors are all kept in `lasts`; deeper rows keep only so many, since nobody can see
/// more and a chain of ten thousand spans must not take memory to the square.
const MAX_LEVELS: usize = 64;

/// Orders the spans of one trace: parents before children, siblings by their start.
///
/// Every span comes out exactly once, whatever the parents say: cycles and repeated identifiers included.
pub(crate) fn rows(spans: &[SpanRecord]) -> Vec<Row<'_>> {
    let mut by_start: Vec<usize> = (0..spans.len()).collect();
    by_start.sort_by_key(|&i| (spans[i].start_unix_nanos, std::cmp::Reverse(spans[i].duration_nanos), i));
    let children = children(spans, &by_start);
    let mut drawn = vec![false; spans.len()];
    let mut rows = Vec::with_capacity(spans.len());
    for (node, index) in top_level(spans, &by_start) {
        descend(spans, &children, (node, index), &mut drawn, &mut rows);
    }
    // Only the members of a cycle are left: the earliest one is cut free.
    for &i in &by_start {
        if !drawn[i] {
            descend(spans, &children, (Node::Span(&spans[i]), Some(i)), &mut drawn, &mut rows);
        }
    }
    rows
}

/// The children of each span by the parent's identifier, by their start.
fn children(spans: &[SpanRecord], by_start: &[usize]) -> HashMap<SpanId, Vec<usize>> {
    let mut children: HashMap<SpanId, Vec<usize>> = HashMap::new();
    for &i in by_start {
        if let Some(parent) = spans[i].parent_span_id {
            children.entry(parent).or_default().push(i);
        }
    }
    children
}

/// Where trees begin: spans without a parent, local roots whose parent is elsewhere, and parents that are missing.
fn top_level<'a>(spans: &'a [SpanRecord], by_start: &[usize]) -> Vec<(Node<'a>, Option<usize>)> {
    let present: std::collections::HashSet<SpanId> = spans.iter().map(|span| span.span_id).collect();
    let mut missing = std::collections::HashSet::new();
    let mut top = Vec::new();
    for &i in by_start {
        let span = &spans[i];
        match span.parent_span_id {
            None => top.push((Node::Span(span), Some(i))),
            Some(parent) if present.contains(&parent) => {}
            Some(_) if span.local_root => top.push((Node::Span(span), Some(i))),
            Some(parent) if missing.insert(parent) => top.push((Node::Missing(parent), None)),
            Some(_) => {}
        }
    }
    top
}

fn descend<'a>(
    spans: &'a [SpanRecord],
    children: &HashMap<SpanId, Vec<usize>>,
    (node, index): (Node<'a>, Option<usize>),
    drawn: &mut [bool],
    rows: &mut Vec<Row<'a>>,
) {
    // A stack of its own: a chain of spans may be deeper than the thread's stack allows.
    let mut open = vec![(node, index, Vec::new(), 0)];
    while let Some((node, index, lasts, depth)) = open.pop() {
        if index.is_some_and(|i| std::mem::replace(&mut drawn[i], true)) {
            continue;
        }
        let id = match node {
            Node::Span(span) => span.span_id,
            Node::Missing(id) => id,
        };
        let below: Vec<usize> = children
            .get(&id)
            .map(|below| below.iter().copied().filter(|&i| !drawn[i] && !is_top(&node, &spans[i])).collect())
            .unwrap_or_default();
        rows.push(Row { node, lasts: lasts.clone(), depth, has_children: !below.is_empty() });
        for (position, &i) in below.iter().enumerate().rev() {
            let mut lasts = lasts.clone();
            if lasts.len() >= MAX_LEVELS {
                lasts.remove(0);
            }
            lasts.push(position + 1 == below.len());
            open.push((Node::Span(&spans[i]), Some(i), lasts, depth + 1));
        }
    }
}

/// True for a local root whose parent is missing: that parent is in another process, so it stands on its own.
fn is_top(parent: &Node<'_>, span: &SpanRecord) -> bool {
    matches!(parent, Node::Missing(_)) && span.local_root
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::fixtures::span;

    /// The rows as indented names.
    fn outline(spans: &[SpanRecord]) -> Vec<String> {
        rows(spans)
            .iter()
            .map(|row| {
                let name = match row.node {
                    Node::Span(span) => span.name.to_string(),
                    Node::Missing(id) => format!("missing {}", id.to_u64()),
                };
                format!("{}{name}", " ".repeat(row.lasts.len()))
            })
            .collect()
    }

    #[test]
    fn children_follow_their_parent_by_start() {
        let spans = [
            span(1, 4, 2, "deep", 3, 1),
            span(1, 3, 1, "second", 5, 1),
            span(1, 2, 1, "first", 2, 3),
            span(1, 1, 0, "root", 0, 9),
        ];
        assert_eq!(outline(&spans), ["root", " first", "  deep", " second"]);
    }

    #[test]
    fn spans_of_a_missing_parent_stand_under_it_together() {
        let mut remote = span(1, 5, 7, "remote", 9, 1);
        remote.local_root = true;
        let spans = [span(1, 2, 7, "a", 0, 1), span(1, 3, 7, "b", 1, 1), span(1, 4, 3, "c", 1, 1), remote];
        assert_eq!(outline(&spans), ["missing 7", " a", " b", "  c", "remote"]);
    }

    #[test]
    fn every_span_comes_out_once_also_from_cycles_and_repeats() {
        let spans = [
            span(1, 1, 2, "a", 0, 1),
            span(1, 2, 1, "b", 1, 1),
            span(1, 3, 3, "self", 2, 1),
            span(1, 4, 0, "twice", 3, 2),
            span(1, 4, 0, "twice", 3, 1),
            span(1, 5, 4, "child", 4, 1),
        ];
        assert_eq!(outline(&spans), ["twice", " child", "twice", "a", " b", "self"]);
    }

    #[test]
    fn a_deep_chain_needs_no_deep_stack() {
        let spans: Vec<_> = (1..=10_000).map(|i| span(1, i, i - 1, "link", i, 1)).collect();
        let rows = rows(&spans);
        assert_eq!(rows.len(), 10_000);
        assert_eq!((rows[9_999].lasts.len(), rows[9_999].depth), (MAX_LEVELS, 9_999));
    }
}
