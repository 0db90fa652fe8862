use super::*;

fn measured(name: &str, role: Role, figure: f64) -> Measured {
    Measured { name: name.to_owned(), role, rounds: vec![figure], alone: Vec::new(), work: Ok(String::new()) }
}

fn case(reach: Reach, lead: Lead) -> Case {
    Case {
        id: "test/case",
        title: "case",
        unit: Unit::Nanoseconds,
        limit: Some("floor"),
        reach: Some(reach),
        lead,
        scaling: None,
        contestants: Vec::new,
    }
}

fn outcome(case: &Case) -> Outcome<'_> {
    let measured = vec![
        measured("floor", Role::Limit, 11.0),
        measured("floor in another form", Role::Limit, 10.0),
        measured("bare", Role::Limit, 2.0),
        measured("ours", Role::Ours, 12.0),
        measured("fast", Role::Peer, 24.0),
        measured("slow", Role::Peer, 90.0),
        measured("slow by hand", Role::Peer, 48.0),
    ];
    Outcome { case, measured }
}

#[test]
fn a_figure_of_another_machine_is_taken_over_the_fastest_form_of_the_limit() {
    let case = case(Reach::TimesLimit { figure_there: 26.0, limit_there: 20.0 }, Lead::FIRST);
    let outcome = outcome(&case);
    assert_eq!(outcome.reach(), Some(Goal { is: 12.0, wanted: 13.0, reached: true }));
    assert_eq!(outcome.over_limit(), Some(1.2));
}

#[test]
fn a_distance_is_kept_from_the_contestant_it_names() {
    let case = case(Reach::Above { contestant: "bare", by: 0.5 }, Lead::FIRST);
    assert_eq!(outcome(&case).reach(), Some(Goal { is: 12.0, wanted: 2.5, reached: false }));
}

#[test]
fn the_lead_is_over_the_fastest_form_of_whoever_is_named() {
    let over_all = case(Reach::Figure(1.0), Lead::over_all(2.5));
    assert_eq!(outcome(&over_all).lead(), Some(Goal { is: 2.0, wanted: 2.5, reached: false }));
    assert_eq!(outcome(&over_all).best_peer().map(|peer| peer.name.as_str()), Some("fast"));
    let over_slow = case(Reach::Figure(1.0), Lead::over("slow", 4.0));
    assert_eq!(outcome(&over_slow).lead(), Some(Goal { is: 4.0, wanted: 4.0, reached: true }));
}

#[test]
fn work_that_was_not_done_is_named() {
    let case = case(Reach::Figure(1.0), Lead::FIRST);
    let mut outcome = outcome(&case);
    outcome.measured[4].work = Err("expected 4 spans, received 3 spans".to_owned());
    let failures: Vec<_> = outcome.failures().collect();
    assert_eq!(failures, [("fast", "expected 4 spans, received 3 spans")]);
}
