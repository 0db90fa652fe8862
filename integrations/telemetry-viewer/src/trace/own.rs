//! The time spans spent themselves.

use super::tree::Row;

/// For each row the time in which none of its children ran; children that ran side by side count once. Zero for a span
/// that is not here.
pub(crate) fn own_nanos(rows: &[Row]) -> Vec<u64> {
    rows.iter()
        .map(|row| {
            let Some(span) = row.span() else { return 0 };
            let (mut covered, mut reached) = (0, span.start_unix_nanos);
            // Children stand in the order they began.
            for child in row.children.iter().filter_map(|&child| rows[child].span()) {
                let start = child.start_unix_nanos.max(reached);
                let end = child.end_unix_nanos().min(span.end_unix_nanos());
                if end > start {
                    covered += end - start;
                    reached = end;
                }
            }
            span.duration_nanos - covered
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::fixtures::spans;
    use crate::trace::rows;

    #[test]
    fn what_children_cover_is_not_a_parents_own() {
        let rows = rows(&spans(&[
            (1, 0, 0, 100, "root"),
            (2, 1, 10, 40, "first"),
            (3, 1, 30, 50, "overlapping"),
            (4, 1, 90, 150, "outliving"),
            (5, 2, 10, 40, "all of it"),
        ]));
        let own: Vec<_> =
            rows.iter().map(|row| row.span().unwrap().name.to_string()).zip(own_nanos(&rows)).collect();
        let expected =
            [("root", 50), ("first", 0), ("all of it", 30), ("overlapping", 20), ("outliving", 60)];
        assert_eq!(own, expected.map(|(name, nanos)| (name.to_owned(), nanos)));
    }
}
