use super::*;

const SIZES: &[usize] = &[10, 100, 1_000];

fn broken(bound: Bound, figures: [f64; 3]) -> Option<String> {
    bound.broken(SIZES, &figures)
}

#[test]
fn a_cost_of_one_may_grow_by_its_bound_over_the_lowest() {
    assert_eq!(broken(Bound::One(4.0), [30.0, 20.0, 80.0]), None);
    assert_eq!(
        broken(Bound::One(4.0), [30.0, 20.0, 81.0]).unwrap(),
        "81.0 at the largest size, 20.0 at best; at most 4 times that is allowed"
    );
}

#[test]
fn a_cost_of_all_may_grow_with_the_size() {
    assert_eq!(broken(Bound::All, [2.0, 30.0, 200.0]), None);
    assert_eq!(
        broken(Bound::All, [2.0, 20.0, 201.0]).unwrap(),
        "from 2.0 to 201, while the size grows 100 times"
    );
}

#[test]
fn what_is_no_number_breaks_every_bound() {
    assert!(broken(Bound::One(4.0), [1.0, 1.0, f64::NAN]).is_some());
    assert!(broken(Bound::All, [1.0, 1.0, f64::NAN]).is_some());
    assert!(broken(Bound::Shown, [1.0, 1.0, f64::NAN]).is_none());
}

#[test]
fn a_row_reports_the_medians_of_its_passes_and_names_what_is_broken() {
    let row = Row {
        name: "series",
        sizes: &[1, 10_000],
        columns: &[Column { title: "ns", bound: Bound::One(2.0) }],
        measure: |_| Vec::new(),
    };
    let passes = vec![vec![vec![3.0, 1.0, 2.0]], vec![vec![9.0, 9.5, 8.0]]];
    let (table, broken) = row.report(&passes);
    assert_eq!(table, "| series | ns  |\n|--------|-----|\n| 1      | 2.0 |\n| 10,000 | 9.0 |\n");
    assert_eq!(broken, ["series, ns: 9.0 at the largest size, 2.0 at best; at most 2 times that is allowed"]);
}
