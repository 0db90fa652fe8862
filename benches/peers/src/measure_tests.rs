use std::cell::RefCell;
use std::rc::Rc;

use super::*;

#[test]
fn quantiles_lie_between_neighbours() {
    let values = [4.0, 1.0, 3.0, 2.0];
    let at = |share| quantile(&values, share);
    assert_eq!([at(0.0), at(0.5), at(1.0)], [1.0, 2.5, 4.0]);
    assert_eq!(quantile(&[7.0], 0.9), 7.0);
    assert!(quantile(&[], 0.5).is_nan());
}

#[test]
fn everybody_has_one_turn_a_round_and_goes_first_in_turn() {
    let mut first = [0; 3];
    for round in 0..12 {
        let order = order(3, round);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2], "round {round}");
        first[order[0]] += 1;
    }
    assert_eq!(first, [4, 4, 4]);
}

#[test]
fn a_turn_is_the_median_of_its_bursts_without_those_that_warm_up() {
    let burst = Rc::new(RefCell::new(0.0));
    let mut contestants = vec![Contestant {
        name: "rising".to_owned(),
        role: Role::Ours,
        burst: Box::new(move || {
            *burst.borrow_mut() += 1.0;
            Reading { figure: *burst.borrow(), alone: Some(10.0) }
        }),
        check: Box::new(|| Ok("counted".to_owned())),
    }];
    let measured = run(&mut contestants, Effort { rounds: 2, bursts: 3 });
    // Four bursts warm up, then come 5, 6 and 7; four more, then 12, 13 and 14.
    assert_eq!(measured[0].rounds, [6.0, 13.0]);
    assert_eq!(measured[0].scaling(), Some(10.0 / 9.5));
    assert_eq!(measured[0].work, Ok("counted".to_owned()));
}
