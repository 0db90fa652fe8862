use super::*;

fn counts(compiler: &str, counter: f64) -> Counts {
    Counts {
        conditions: [("compiler".to_owned(), compiler.to_owned())].into(),
        counts: [("counter".to_owned(), counter), ("span_sampled".to_owned(), 131.25)].into(),
    }
}

#[test]
fn the_file_reads_back_what_was_written() {
    let written = counts("rustc 1.95.0 (59807616e 2026-04-14)", 9.5);
    assert_eq!(written.to_string().parse(), Ok(written));
}

#[test]
fn a_line_that_says_nothing_is_named() {
    let error = "# heading\ncounter 9\nspan_sampled many\n".parse::<Counts>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 3 is \"span_sampled many\": expected `name: value`, `name count` or a comment"
    );
}

#[test]
fn a_change_begins_beyond_three_percent() {
    assert_eq!(Change::of(102.9, Some(100.0)), Change::Kept);
    assert_eq!(Change::of(97.1, Some(100.0)), Change::Kept);
    assert_eq!(Change::of(103.1, Some(100.0)), Change::Risen);
    assert_eq!(Change::of(96.9, Some(100.0)), Change::Fallen);
    assert_eq!(Change::of(1.0, None), Change::Missing);
}

#[test]
fn another_compiler_is_a_difference_and_another_count_is_none() {
    let (old, new) = (counts("rustc 1.94.0", 9.0), counts("rustc 1.95.0", 8.0));
    assert_eq!(old.differences(&new), ["the compiler is rustc 1.95.0, the file says rustc 1.94.0"]);
    assert!(new.differences(&counts("rustc 1.95.0", 9.0)).is_empty());
    assert_eq!(Counts::default().differences(&new), ["the compiler is rustc 1.95.0, the file says nothing"]);
}
