use super::*;
use crate::metrics::limits_text;

#[test]
fn a_whole_text_is_accepted_and_each_missing_line_noticed() {
    let mut text = String::new();
    limits_text::Ready::new().write(&mut text);
    assert!(verify(&text).is_ok(), "{:?}", verify(&text));
    for wanted in ["_bucket", "_sum", "_count", "_total"] {
        let gap: String = {
            let mut dropped = false;
            let kept = text.lines().filter(|line| {
                // Of the first route the total is zero, and its absence is seen by the number of lines.
                let drop = !dropped && line.contains(wanted) && line.contains("/route/0000");
                dropped |= drop;
                !drop
            });
            kept.flat_map(|line| [line, "\n"]).collect()
        };
        assert!(verify(&gap).is_err(), "{wanted}");
    }
}
