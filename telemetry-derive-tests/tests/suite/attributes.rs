//! Other attributes beside ours.
#![allow(clippy::non_minimal_cfg, reason = "a condition that holds")]

use super::*;

#[cfg_attr(all(), inline(never))]
#[span]
#[must_use]
#[deprecated = "kept"]
pub fn beside() -> u8 {
    1
}

#[expect(dead_code, reason = "never called")]
#[span]
fn expected_before() {}

#[span]
#[expect(unused_variables, reason = "not used")]
fn expected_behind(argument: u8) {}

#[span]
#[allow(unused_mut, unused_variables)]
async fn allowed(mut argument: Vec<u8>) {}

#[span]
fn conditional(
    #[cfg(any())] absent: Absent,
    #[cfg(all())] present: String,
    #[allow(unused)] other: u8,
) -> String {
    present
}

#[span]
fn conditional_generic<#[cfg(any())] A, #[cfg(all())] B: Display>(value: B) -> Result<String, ()> {
    Ok(value.to_string())
}

#[span]
#[track_caller]
fn tracked(fails: bool) -> Result<u32, u32> {
    if fails { Err(Location::caller().line()) } else { Ok(Location::caller().line()) }
}

#[span]
#[test]
fn a_test_with_the_attribute_above() -> Result<(), std::num::ParseIntError> {
    assert_eq!("1".parse::<u8>()?, 1);
    Ok(())
}

#[test]
#[span(root)]
#[should_panic(expected = "on purpose")]
fn a_test_with_the_attribute_below() {
    panic!("on purpose");
}

#[test]
fn other_attributes_keep_their_meaning() {
    #[allow(deprecated)]
    let number = one("beside", || beside());
    assert_eq!(number, 1);
    one("expected_behind", || expected_behind(1));
    one("allowed", || block_on(allowed(Vec::new())));
    assert_eq!(one("conditional", || conditional(String::from("a"), 1)), "a");
    assert_eq!(one("conditional_generic", || conditional_generic(1)), Ok(String::from("1")));
    assert_eq!(one("tracked", || tracked(true)), Err(line!()));
}
