//! The bar that shows when a span ran within its trace.

/// Draws the part of `window` that `span` covers, both as start and end, in so many columns; at half a column's
/// precision, and never less than that half.
pub(super) fn bar(window: (u64, u64), span: (u64, u64), columns: usize) -> String {
    let halves = columns as u128 * 2;
    let length = u128::from(window.1.saturating_sub(window.0));
    // Where a moment falls, in halves; rounded down, or to the nearest one.
    let at = |moment: u64, round: u128| {
        let since = u128::from(moment.clamp(window.0, window.1.max(window.0)) - window.0);
        (since * halves + round).checked_div(length)
    };
    // A window without length is all covered.
    let first = at(span.0, 0).unwrap_or(0).min(halves.saturating_sub(1));
    // Not rounded up: a neighbour that begins where this one ends should not look as if they overlapped.
    let end = at(span.1, length / 2).unwrap_or(halves).max(first + 1);
    let covered = |half: u128| half >= first && half < end;
    (0..columns as u128)
        .map(|column| match (covered(column * 2), covered(column * 2 + 1)) {
            (true, true) => '━',
            (true, false) => '╸',
            (false, true) => '╺',
            (false, false) => ' ',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_shows_offset_and_share() {
        for (span, expected) in [
            ((0, 100), "━━━━━━━━━━"),
            ((0, 50), "━━━━━     "),
            ((50, 100), "     ━━━━━"),
            ((25, 45), "  ╺━╸     "),
            ((0, 1), "╸         "),
            ((100, 100), "         ╺"),
            ((33, 34), "   ╸      "),
            ((0, 1_000), "━━━━━━━━━━"),
        ] {
            assert_eq!(bar((0, 100), span, 10), expected, "{span:?}");
        }
    }

    #[test]
    fn windows_at_the_edge_are_drawn() {
        assert_eq!(bar((7, 7), (7, 7), 3), "━━━");
        assert_eq!(bar((0, u64::MAX), (u64::MAX - 1, u64::MAX), 3), "  ╺");
        assert_eq!(bar((10, 5), (0, 100), 2), "━━");
        assert_eq!(bar((0, 100), (0, 100), 0), "");
    }
}
