use super::*;
use crate::case::{Case, Lead, Reach, Unit};

fn measured(name: &str, role: Role, figure: f64) -> Measured {
    let work = Ok("8 spans received, 0 lost".to_owned());
    Measured { name: name.to_owned(), role, rounds: vec![figure], alone: vec![2.0 * figure], work }
}

const CASE: Case = Case {
    id: "span/case",
    title: "a case",
    unit: Unit::Nanoseconds,
    limit: Some("floor"),
    reach: Some(Reach::Figure(30.0)),
    lead: Lead::over_all(3.0),
    scaling: Some(1.7),
    contestants: Vec::new,
};

fn text(outcomes: &[Outcome<'_>]) -> String {
    let machine = Machine { processor: "abacus".to_owned(), processors: 2, pinned: false };
    let style = Style { colour: false, all: false };
    report(outcomes, &machine, Effort { rounds: 1, bursts: 1 }, style)
}

#[test]
fn every_line_says_what_is_missed_and_by_whom_it_is_led() {
    let measured = vec![
        measured("floor", Role::Limit, 20.0),
        measured("ours", Role::Ours, 25.0),
        measured("rival", Role::Peer, 50.0),
    ];
    let outcomes = [Outcome { case: &CASE, measured }];
    let text = text(&outcomes);
    let row = text.lines().find(|line| line.starts_with("a case")).expect("a line for the case");
    let words: Vec<&str> = row.split_whitespace().collect();
    let expected = "a case 20.0 ns 25.0 ns 0 % ✓ 30.0 ns 1.25 rival 50.0 ns ✗ 2.00 ≥ 3";
    assert_eq!(words.join(" "), expected);
    assert!(text.contains("two threads do 2.00 times what one does ✓ ≥ 1.7"), "{text}");
    assert!(text.contains("rival 20.0 M/s, 0 lost"), "{text}");
}

#[test]
fn columns_stand_below_their_heads() {
    let outcomes = [Outcome { case: &CASE, measured: vec![measured("ours", Role::Ours, 25.0)] }];
    let text = text(&outcomes);
    let end_of =
        |line: &str, word: &str| line.find(word).map(|at| line[..at].chars().count() + word.chars().count());
    let head = text.lines().find(|line| line.starts_with("SPANS")).expect("a head");
    let row = text.lines().find(|line| line.starts_with("a case")).expect("a line for the case");
    assert_eq!(end_of(head, "ours"), end_of(row, "25.0 ns"));
    assert_eq!(end_of(head, "to reach"), end_of(row, "30.0 ns"));
}

#[test]
fn figures_keep_three_digits() {
    assert_eq!([0.314, 9.999, 31.44, 314.15].map(short), ["0.31", "10.0", "31.4", "314"]);
}
