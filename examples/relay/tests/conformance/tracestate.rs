//! What of a `tracestate` goes on.

use super::harness::Harness;
use super::{TRACE, UNSAMPLED};

impl Harness {
    /// The state that goes on for these values, each a header of its own. None of them harms the traceparent.
    fn state(&self, values: &[&str]) -> String {
        let states = values.iter().map(|value| format!("tracestate: {value}"));
        let headers: Vec<String> = std::iter::once(UNSAMPLED.to_owned()).chain(states).collect();
        let post = self.after(&headers);
        assert_eq!(post.trace(), TRACE, "{values:?}");
        post.state().to_owned()
    }

    /// Each of these values alone is dropped.
    fn drops(&self, values: &[&str]) {
        for value in values {
            assert_eq!(self.state(&[value]), "", "{value}");
        }
    }

    /// Each of these values alone goes on as it is.
    fn keeps(&self, values: &[&str]) {
        for value in values {
            assert_eq!(self.state(&[value]), *value);
        }
    }
}

#[test]
fn tracestate_included_traceparent_missing() {
    let harness = Harness::start();
    // What goes on is what the relay says of its own trace, every time the same.
    let own = harness.after::<&str>(&[]).state().to_owned();
    assert!(own.is_empty() || own.starts_with("ot="), "{own}");
    for state in ["tracestate: foo=1", "tracestate: foo=1,bar=2"] {
        assert_eq!(harness.after(&[state]).state(), own);
    }
}

#[test]
fn tracestate_included_traceparent_included() {
    Harness::start().keeps(&["foo=1,bar=2"]);
}

#[test]
fn tracestate_header_name() {
    let harness = Harness::start();
    for state in ["trace-state: foo=1", "trace.state: foo=1"] {
        assert_eq!(harness.after(&[UNSAMPLED, state]).state(), "");
    }
}

#[test]
fn tracestate_header_name_valid_casing() {
    let harness = Harness::start();
    for state in ["TraceState: foo=1", "TrAcEsTaTe: foo=1", "TRACESTATE: foo=1"] {
        assert_eq!(harness.after(&[UNSAMPLED, state]).state(), "foo=1");
    }
}

#[test]
fn tracestate_empty_header() {
    let harness = Harness::start();
    assert_eq!(harness.state(&[""]), "");
    assert_eq!(harness.state(&["foo=1", ""]), "foo=1");
    assert_eq!(harness.state(&["", "foo=1"]), "foo=1");
}

#[test]
fn tracestate_multiple_headers_different_keys() {
    assert_eq!(
        Harness::start().state(&["foo=1,bar=2", "rojo=1,congo=2", "baz=3"]),
        "foo=1,bar=2,rojo=1,congo=2,baz=3"
    );
}

#[test]
fn tracestate_duplicated_keys() {
    let harness = Harness::start();
    // The suite lets both go on, or one; of ours the first one does, which is the latest.
    for values in [&["foo=1,foo=1"][..], &["foo=1,foo=2"], &["foo=1", "foo=1"], &["foo=1", "foo=2"]] {
        assert_eq!(harness.state(values), "foo=1", "{values:?}");
    }
}

#[test]
fn tracestate_all_allowed_characters() {
    let value: String = (' '..='~').filter(|character| !matches!(character, ',' | '=')).collect();
    let key = "abcdefghijklmnopqrstuvwxyz0123456789_-*/";
    Harness::start().keeps(&[
        &format!("{key}={value}"),
        &format!("{key}@a-z0-9_-*/={value}"),
        &format!("foo=  {value}"),
    ]);
}

#[test]
fn tracestate_ows_handling() {
    let harness = Harness::start();
    for value in
        ["foo=1 \t , \t bar=2, \t baz=3", "foo=1\t \t,\t \tbar=2,\t \tbaz=3", "foo=1,, \t,bar=2,baz=3,"]
    {
        assert_eq!(harness.state(&[value]), "foo=1,bar=2,baz=3", "{value:?}");
    }
    for value in [" foo=1", "\tfoo=1", "foo=1 ", "foo=1\t", "\t foo=1 \t"] {
        assert_eq!(harness.state(&[value]), "foo=1", "{value:?}");
    }
}

#[test]
fn tracestate_key_illegal_characters() {
    Harness::start().drops(&["foo =1", "FOO=1", "foo.bar=1", "foo=1,Bar=2", "_foo=1", "f\u{f6}o=1"]);
}

#[test]
fn tracestate_key_illegal_vendor_format() {
    let harness = Harness::start();
    harness.keeps(&["foo@=1,bar=2", "foo@@bar=1,bar=2", "foo@bar@baz=1,bar=2"]);
    harness.drops(&["@foo=1,bar=2"]);
}

#[test]
fn tracestate_member_count_limit() {
    let harness = Harness::start();
    let members = |numbers: std::ops::RangeInclusive<u32>| {
        numbers.map(|number| format!("bar{number:02}={number:02}")).collect::<Vec<_>>().join(",")
    };
    let tens = [members(1..=10), members(11..=20), members(21..=30)];
    let with = |last: &str| harness.state(&[&tens[0], &tens[1], &tens[2], last]);
    assert_eq!(with("bar31=31,bar32=32"), members(1..=32));
    assert_eq!(with("bar31=31,bar32=32,bar33=33"), "");
    harness.drops(&[&members(1..=1_000)]);
}

#[test]
fn tracestate_key_length_limit() {
    let harness = Harness::start();
    let (t, v) = (|count| "t".repeat(count), |count| "v".repeat(count));
    for key in ["z".repeat(256), t(241) + "@" + &v(14), t(242) + "@v", "t@".to_owned() + &v(15)] {
        assert_eq!(harness.state(&["foo=1", &format!("{key}=1")]), format!("foo=1,{key}=1"));
    }
    for key in ["z".repeat(257), t(242) + "@" + &v(14)] {
        assert_eq!(harness.state(&["foo=1", &format!("{key}=1")]), "", "{}", key.len());
    }
}

#[test]
fn tracestate_value_illegal_characters() {
    let long = "x".repeat(257);
    Harness::start().drops(&["foo=bar=baz", "foo=,bar=3", "foo", "foo=b\tar", &format!("foo={long}")]);
}

#[test]
fn a_state_of_more_than_512_characters_goes_on_whole() {
    // Level 2: at least 512 are to be passed on, and more where it can be done.
    let long = |key: char| format!("{key}={}", "x".repeat(256));
    let state = ['a', 'b', 'c'].map(long).join(",");
    assert_eq!(Harness::start().state(&[&state]), state);
}

#[test]
fn keys_of_level_2_are_dropped_where_level_1_is_asked_for() {
    let harness = Harness::with(&["--keys", "1"]);
    harness.keeps(&["foo=1,0a@bar=2"]);
    harness.drops(&["foo@=1,bar=2", "foo@@bar=1,bar=2", "foo@bar@baz=1,bar=2", "0a=1"]);
    harness.drops(&[&format!("{}@v=1", "t".repeat(242)), &format!("t@{}=1", "v".repeat(15))]);
}
