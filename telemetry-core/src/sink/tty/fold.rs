//! Long runs of siblings that are alike, as one row.

use crate::record::{SpanRecord, Status};

use super::tree::{Node, Row};

/// A run of more than this is folded.
const LONG: usize = 20;
/// How many of a long run are drawn before the rest is folded; its last one is drawn, too.
const FIRST: usize = 10;

/// A row as it is drawn.
pub(super) enum Drawn<'a> {
    /// One of the tree.
    Row(Row<'a>),
    /// Spans of one name and one parent that ended well, without anything below them.
    Folded(Run<'a>),
}

/// What a folded run is drawn from.
pub(super) struct Run<'a> {
    /// The row of the first of them; none of them is the last of its siblings.
    pub(super) row: Row<'a>,
    pub(super) name: &'a str,
    pub(super) count: usize,
    /// The shortest and the longest.
    pub(super) durations: (u64, u64),
    pub(super) total_nanos: u64,
    /// From the start of the first to the end of the last.
    pub(super) times: (u64, u64),
}

/// Folds the long runs among the rows of a trace.
pub(super) fn folded(rows: Vec<Row<'_>>) -> Vec<Drawn<'_>> {
    let mut drawn = Vec::with_capacity(rows.len());
    let mut rows = rows.into_iter().peekable();
    while let Some(row) = rows.next() {
        let mut run = vec![row];
        while rows.peek().is_some_and(|next| are_alike(&run[0], next)) {
            run.extend(rows.next());
        }
        fold(run, &mut drawn);
    }
    drawn
}

fn fold<'a>(mut run: Vec<Row<'a>>, drawn: &mut Vec<Drawn<'a>>) {
    if run.len() <= LONG {
        drawn.extend(run.into_iter().map(Drawn::Row));
        return;
    }
    let last = run.pop();
    let mut folded = run.split_off(FIRST);
    drawn.extend(run.into_iter().map(Drawn::Row));
    let spans: Vec<&SpanRecord> = folded.iter().filter_map(plain).collect();
    let durations = || spans.iter().map(|span| span.duration_nanos);
    if let Some(first) = spans.first() {
        drawn.push(Drawn::Folded(Run {
            name: &first.name,
            count: spans.len(),
            durations: (durations().min().unwrap_or(0), durations().max().unwrap_or(0)),
            total_nanos: durations().fold(0, u64::saturating_add),
            times: (
                first.start_unix_nanos,
                spans.iter().map(|span| span.end_unix_nanos()).max().unwrap_or(first.start_unix_nanos),
            ),
            row: folded.swap_remove(0),
        }));
    }
    drawn.extend(last.map(Drawn::Row));
}

/// Whether two rows that follow each other are siblings that say the same.
fn are_alike(one: &Row<'_>, other: &Row<'_>) -> bool {
    let (Some(first), Some(second)) = (plain(one), plain(other)) else { return false };
    one.depth == other.depth && first.name == second.name && first.kind == second.kind
}

/// The span of a row below another that has nothing more to say than its own line.
fn plain<'a>(row: &Row<'a>) -> Option<&'a SpanRecord> {
    match row.node {
        Node::Span(span) => {
            let quiet = span.status != Status::Error && span.events.is_empty() && span.links.is_empty();
            (row.depth > 0 && !row.has_children && quiet).then_some(span)
        }
        Node::Missing(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::fixtures::span;
    use crate::sink::tty::tree::rows;

    /// A root with so many children of one name; `change` alters them.
    fn shown(children: u64, change: impl Fn(u64, &mut SpanRecord)) -> Vec<String> {
        let mut spans = vec![span(1, 1, 0, "root", 0, 10_000)];
        spans.extend((2..children + 2).map(|id| {
            let mut child = span(1, id, 1, "query", id * 10, id);
            change(id, &mut child);
            child
        }));
        let named = |drawn: Drawn<'_>| match drawn {
            Drawn::Row(Row { node: Node::Span(span), .. }) => span.span_id.to_u64().to_string(),
            Drawn::Row(_) => "missing".to_owned(),
            Drawn::Folded(run) => {
                format!("{} {} {:?} {}", run.count, run.name, run.durations, run.total_nanos)
            }
        };
        folded(rows(&spans)).into_iter().map(named).collect()
    }

    #[test]
    fn a_long_run_shows_its_beginning_and_its_end() {
        let drawn = shown(21, |_, _| {});
        assert_eq!(drawn.len(), 1 + FIRST + 1 + 1);
        assert_eq!(&drawn[..2], ["1", "2"]);
        // 12 to 21 microseconds each.
        assert_eq!(&drawn[10..], ["11", "10 query (12000, 21000) 165000", "22"]);
        assert_eq!(shown(20, |_, _| {}).len(), 21);
    }

    #[test]
    fn what_has_something_to_say_is_never_folded() {
        let failed = shown(60, |id, span| {
            if id == 30 {
                span.status = Status::Error;
            }
        });
        assert!(failed.contains(&"30".to_owned()), "{failed:?}");
        assert_eq!(failed.iter().filter(|row| row.contains("query")).count(), 2);
        let named = shown(60, |id, span| {
            if id % 2 == 0 {
                span.name = "other".into();
            }
        });
        assert_eq!(named.len(), 61);
    }
}
