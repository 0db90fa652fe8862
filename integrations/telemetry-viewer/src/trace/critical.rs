//! The critical path: what a trace's length is made of.

use super::tree::Row;

/// A stretch of time in nanoseconds since the Unix epoch.
pub(crate) type Stretch = (u64, u64);

/// For each row the stretches in which it alone held the trace up, earliest first.
///
/// Walked from the end backwards: before a moment the path goes through the child that ended last by then, and what lies
/// between two such children is the parent's own. A child that ended after what came next had begun was not waited for,
/// nor was one that outlived its parent; they are not on the path.
pub(crate) fn critical_path(rows: &[Row]) -> Vec<Vec<Stretch>> {
    let mut path = vec![Vec::new(); rows.len()];
    let tops: Vec<usize> = (0..rows.len()).filter(|&row| rows[row].depth == 0).collect();
    let mut pending = Vec::new();
    // The trace as a whole waits for its top rows as a span would for its children.
    let (start, end) = window(rows);
    waited_for(rows, &tops, (start, end), |step| {
        if let Step::Child(row) = step {
            pending.push(row);
        }
    });
    while let Some(row) = pending.pop() {
        let (start, end) = extent(rows, row);
        let has_span = rows[row].span().is_some();
        waited_for(rows, &rows[row].children, (start, end), |step| match step {
            Step::Child(child) => pending.push(child),
            Step::Own(stretch) if has_span => path[row].push(stretch),
            Step::Own(_) => {}
        });
        path[row].reverse();
    }
    path
}

enum Step {
    Child(usize),
    Own(Stretch),
}

/// Tells from the end to the beginning what a stretch went by with.
fn waited_for(rows: &[Row], children: &[usize], (start, end): Stretch, mut tell: impl FnMut(Step)) {
    let mut children: Vec<(Stretch, usize)> =
        children.iter().map(|&child| (extent(rows, child), child)).collect();
    children.sort_by_key(|((start, end), child)| (std::cmp::Reverse((*end, *start)), *child));
    let mut moment = end;
    for ((child_start, child_end), child) in children {
        if child_end > moment || child_start < start {
            continue;
        }
        if child_end < moment {
            tell(Step::Own((child_end, moment)));
        }
        tell(Step::Child(child));
        moment = child_start;
    }
    if moment > start {
        tell(Step::Own((start, moment)));
    }
}

/// When a row began and ended; that of a span that is not here is what its children say.
fn extent(rows: &[Row], row: usize) -> Stretch {
    match rows[row].span() {
        Some(span) => (span.start_unix_nanos, span.end_unix_nanos()),
        None => hull(rows[row].children.iter().map(|&child| extent(rows, child))),
    }
}

fn window(rows: &[Row]) -> Stretch {
    hull((0..rows.len()).filter(|&row| rows[row].depth == 0).map(|row| extent(rows, row)))
}

fn hull(stretches: impl Iterator<Item = Stretch>) -> Stretch {
    stretches.reduce(|(start, end), next| (start.min(next.0), end.max(next.1))).unwrap_or((0, 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::fixtures::{Sketch, spans};
    use crate::trace::rows;

    fn path(sketches: &[Sketch]) -> Vec<(String, Vec<Stretch>)> {
        let rows = rows(&spans(sketches));
        let name = |row: &Row| row.span().map_or("missing".to_owned(), |span| span.name.to_string());
        rows.iter().map(name).zip(critical_path(&rows)).filter(|(_, path)| !path.is_empty()).collect()
    }

    fn on(name: &str, stretches: &[Stretch]) -> (String, Vec<Stretch>) {
        (name.to_owned(), stretches.to_vec())
    }

    #[test]
    fn children_one_after_another_share_the_path_with_their_parent() {
        let trace = [(1, 0, 0, 100, "root"), (2, 1, 10, 30, "a"), (3, 1, 40, 90, "b"), (4, 3, 50, 60, "c")];
        let expected = [
            on("root", &[(0, 10), (30, 40), (90, 100)]),
            on("a", &[(10, 30)]),
            on("b", &[(40, 50), (60, 90)]),
            on("c", &[(50, 60)]),
        ];
        assert_eq!(path(&trace), expected);
    }

    #[test]
    fn of_children_side_by_side_only_the_one_waited_for_is_on_the_path() {
        let trace = [(1, 0, 0, 100, "root"), (2, 1, 5, 60, "short"), (3, 1, 6, 95, "long")];
        assert_eq!(path(&trace), [on("root", &[(0, 6), (95, 100)]), on("long", &[(6, 95)])]);
    }

    #[test]
    fn what_outlives_its_parent_was_not_waited_for() {
        let trace = [(1, 0, 0, 100, "root"), (2, 1, 10, 300, "detached")];
        // The trace goes on after its root, and nothing that is not over by then holds the root up.
        assert_eq!(path(&trace), [on("root", &[(0, 100)])]);
    }

    #[test]
    fn spans_under_a_lost_parent_are_on_the_path() {
        let trace = [(2, 9, 10, 30, "a"), (3, 9, 30, 50, "b")];
        assert_eq!(path(&trace), [on("a", &[(10, 30)]), on("b", &[(30, 50)])]);
    }

    #[test]
    fn the_stretches_of_the_path_make_up_the_root() {
        let trace: Vec<Sketch> = std::iter::once((1, 0, 0, 10_000, "root"))
            .chain(
                (2..500)
                    .map(|id| (id, id / 3 + u64::from(id < 3), id * 7, id * 7 + 900 % (id * 13) + 1, "s")),
            )
            .collect();
        let total: u64 = path(&trace).iter().flat_map(|(_, path)| path).map(|(start, end)| end - start).sum();
        assert_eq!(total, 10_000);
    }
}
